import type { types } from 'mediasoup';
import type { PipeSourcePort } from '../../../node-app/media/cascade/pipe-signalling';
import { eventually } from '../../helpers/eventually';
import { sendVp8, vp8Parameters, type RunningStream } from '../../../local/load/rtp-streams';
import { missingOf } from '../../helpers/sequence-numbers';
import { UdpLink } from '../../helpers/udp-link';
import { joinRouters, TestRouter, view } from '../../helpers/test-router';

let from: TestRouter;
let to: TestRouter;
let link: UdpLink;
const streams: RunningStream[] = [];

beforeEach(async () => {
  [from, to] = await Promise.all([TestRouter.start(), TestRouter.start()]);
});

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await Promise.all([from.close(), to.close()]);
  await link.close();
});

/** Puts the link between the two ends of every lane. */
const overLink = (source: PipeSourcePort): PipeSourcePort => ({
  openLane: async (lane, sinkEnd) => {
    const sinkPlace = await link.attach(sinkEnd);
    const sourceEnd = await source.openLane(lane, { ...sinkEnd, ...sinkPlace.address });
    const sourcePlace = await link.attach(sourceEnd);
    link.join(sinkPlace, sourcePlace);
    return { ...sourceEnd, ...sourcePlace.address };
  },
  pull: (id, lane) => source.pull(id, lane),
  pullData: (id) => source.pullData(id),
  bytesSent: (lane) => source.bytesSent(lane),
  want: (id, layers) => source.want(id, layers),
  drop: (id) => source.drop(id),
  close: () => source.close(),
});

test.each([
  ['a single stream, on the whole lane', [3001]],
  ['a simulcast stream, on the layered lane', [3101, 3102]],
])('of %s, more than 95 % of what is lost at 3 % loss is repaired', async (_, ssrcs) => {
  link = new UdpLink({ loss: 0.03, delayMs: 10 });
  const { sink } = joinRouters(from, to, { between: overLink });
  const { producer, peer } = await from.publish('video', vp8Parameters(ssrcs));
  for (const ssrc of ssrcs) streams.push(sendVp8({ peer, ssrc, payloadBytes: 300, packetsPerFrame: 8 }));
  const viewer = await view(to, sink, producer);
  const top = await settledStream(viewer.consumer);
  const sequenceNumbers = new Set<number>();
  viewer.peer.onPacket((packet) => {
    if (packet.header.ssrc === viewer.ssrc) sequenceNumbers.add(packet.header.sequenceNumber);
  });
  link.counts.lost = 0;
  await eventually(() => sequenceNumbers.size > 2_500);
  expect(top).toBe(ssrcs.length - 1);

  // Without the newest second, whose repairs may be on their way.
  const { expected, missing } = missingOf([...sequenceNumbers], 300);
  expect(link.counts.lost).toBeGreaterThan(expected * 0.02);
  expect(missing).toBeLessThan(expected * 0.03 * 0.05);
});

/** The layer on which a consumer is once it stays there. */
async function settledStream(consumer: types.Consumer): Promise<number> {
  if (consumer.type !== 'simulcast') return 0;
  await eventually(() => consumer.currentLayers?.spatialLayer === consumer.preferredLayers?.spatialLayer);
  return consumer.currentLayers?.spatialLayer ?? -1;
}
