import { RtcpPayloadSpecificFeedback } from 'werift';
import { sendVp8, vp8Parameters } from '../../local/load/rtp-streams';
import { systemClock } from '../../node-app/system-clock';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { startMediaNode } from '../helpers/media-node';

/** What node-app/media/first-picture.ts waits at most: nothing else here takes such a time. */
const LONGEST_WAIT_MS = 1_000;
const SSRC = 1_001;

test('those who are in a room begin with a new picture together, with one key frame', async () => {
  // Time that is waited for a picture's viewers ends when the test says so.
  let due: (() => void)[] = [];
  let holds = false;
  // As if no time passed since the last one has come, so that others may be on their way.
  let standsAtMs: number | undefined;
  const clock: typeof systemClock = {
    ...systemClock,
    monotonicMs: () => standsAtMs ?? systemClock.monotonicMs(),
    setTimer: (delayMs, callback) => {
      if (!holds || delayMs === 0 || delayMs >= LONGEST_WAIT_MS)
        return systemClock.setTimer(delayMs, callback);
      due.push(callback);
      return { cancel: () => (due = due.filter((one) => one !== callback)) };
    },
  };
  const { node } = await startMediaNode({}, undefined, clock);
  const closers: (() => unknown)[] = [() => node.close()];
  try {
    const viewers = await Promise.all(
      ['ada', 'bob'].map(async (peerId) => {
        const client = await DemoClient.join(node, { peerId, generation: 'current' });
        const media = await client.connectMedia(client.receiveTransport);
        closers.push(() => media.close());
        return { client, media };
      }),
    );
    standsAtMs = systemClock.monotonicMs();
    const publisher = await DemoClient.join(node, { peerId: 'cem', generation: 'current' });
    const sender = await publisher.connectMedia(publisher.sendTransport);
    closers.push(() => sender.close());
    holds = true;
    await publisher.produce('video', vp8Parameters([SSRC]));
    const stream = sendVp8({ peer: sender, ssrc: SSRC, keyFrames: 'asked' });
    closers.push(() => stream.stop());
    sender.onRtcp((packet) => {
      if (packet instanceof RtcpPayloadSpecificFeedback) stream.requestKeyFrame();
    });

    await eventually(() => viewers.every(({ client }) => client.consumers().length === 1));
    await eventually(() => publisher.peer.notifications('producerScore').length > 0);
    const before = sender.keyFrameRequests;
    // Beside what mediasoup sends to probe a connection.
    const pictures = viewers.map(({ client, media }) => {
      const ssrc = client.consumers()[0]?.rtpParameters.encodings?.[0]?.ssrc;
      return { media, ssrc };
    });
    const requests = pictures.map(
      ({ media, ssrc }) =>
        new Promise<number>((resolve) =>
          media.onPacket(({ header }) => {
            if (header.ssrc === ssrc) resolve(sender.keyFrameRequests - before);
          }),
        ),
    );
    standsAtMs = undefined;
    const timesUp = setInterval(() => {
      for (const review of due.splice(0)) review();
    }, 50);
    closers.push(() => clearInterval(timesUp));
    expect(await Promise.all(requests)).toEqual([1, 1]);
  } finally {
    for (const close of closers.reverse()) await close();
  }
});
