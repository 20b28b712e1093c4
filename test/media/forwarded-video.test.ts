import type { RtpPeer } from '../../local/load/rtp-peer';
import { opusParameters, sendOpus, sendVp8, vp8Parameters } from '../../local/load/rtp-streams';
import type { PeerGrants } from '../../core/session/session-port';
import type { MediaOptions } from '../../node-app/media/media-options';
import type { MediaPort } from '../../node-app/media/media-port';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { startMediaNode } from '../helpers/media-node';
import { SharedNodes } from '../helpers/shared-nodes';

const closers: (() => unknown)[] = [];
let ssrc = 1_000;
let stamp = 0;

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startNode(media: Partial<MediaOptions>): Promise<MediaPort> {
  const { node } = await startMediaNode(media);
  closers.push(() => node.close());
  return node;
}

async function join(port: MediaPort, peerId: string, grants: Partial<PeerGrants> = {}): Promise<DemoClient> {
  stamp += 1;
  return DemoClient.join(port, { peerId, generation: 'current', claim: { seq: stamp }, grants });
}

interface Camera {
  client: DemoClient;
  media: RtpPeer;
  producerId: string;
}

async function camera(port: MediaPort, peerId: string, appData: object = {}): Promise<Camera> {
  const client = await join(port, peerId);
  const media = await client.connectMedia(client.sendTransport);
  ssrc += 1;
  const { producerId } = await client.peer.request<{ producerId: string }>('produce', {
    transportId: client.sendTransport?.id,
    kind: 'video',
    rtpParameters: vp8Parameters([ssrc]),
    appData,
  });
  const stream = sendVp8({ peer: media, ssrc });
  closers.push(
    () => media.close(),
    () => stream.stop(),
  );
  return { client, media, producerId };
}

/** Talks until the test ends. */
async function speak({ client, media }: Camera): Promise<void> {
  ssrc += 1;
  await client.produce('audio', opusParameters(ssrc));
  const stream = sendOpus({ peer: media, ssrc, level: 5 });
  closers.push(() => stream.stop());
}

/** Somebody who looks on. */
class Viewer {
  constructor(
    readonly client: DemoClient,
    private readonly media: RtpPeer,
  ) {}

  static async join(port: MediaPort, peerId: string): Promise<Viewer> {
    const client = await join(port, peerId);
    const media = await client.connectMedia(client.receiveTransport);
    closers.push(() => media.close());
    return new Viewer(client, media);
  }

  consumerOf({ producerId }: Camera): string {
    return this.client.consumers().find((one) => one.producerId === producerId)?.consumerId ?? '';
  }

  /** Whose pictures come, over half a second. */
  async sees(cameras: readonly Camera[]): Promise<string[]> {
    const before = cameras.map((one) => this.#packetsOf(one));
    await new Promise((resolve) => setTimeout(resolve, 500));
    return cameras
      .filter((one, index) => this.#packetsOf(one) - (before[index] ?? 0) > 3)
      .map(({ client }) => client.peerId);
  }

  async seesOnly(cameras: readonly Camera[], ...peerIds: string[]): Promise<void> {
    await eventually(async () => (await this.sees(cameras)).join() === peerIds.join(), { timeoutMs: 15_000 });
  }

  /** What it was told last of whose cameras come. */
  get forwarded(): unknown {
    return this.client.peer.notifications('forwardedVideo').at(-1);
  }

  /** Whether a client that knows nothing of this believes a picture to be paused. */
  believesPaused(one: Camera): boolean {
    const consumerId = this.consumerOf(one);
    const last = this.client.peer.seen
      .filter(
        ({ method, data }) => /^consumer(Paused|Resumed)$/.test(method) && data.consumerId === consumerId,
      )
      .at(-1);
    return last?.method === 'consumerPaused';
  }

  #packetsOf({ producerId }: Camera): number {
    const consumer = this.client.consumers().find((one) => one.producerId === producerId);
    const [encoding] = consumer?.rtpParameters.encodings ?? [];
    return this.media.packetsBySsrc.get(encoding?.ssrc ?? 0) ?? 0;
  }
}

test('with last-N each receives the cameras of N others, those of speakers first, and is told', async () => {
  const node = await startNode({ lastN: 2 });
  const viewer = await Viewer.join(node, 'viewer');
  const [a, b, c, screen] = [
    await camera(node, 'a'),
    await camera(node, 'b'),
    await camera(node, 'c'),
    await camera(node, 'screen', { share: true }),
  ];
  const all = [a, b, c, screen];
  await viewer.seesOnly(all, 'a', 'b', 'screen');
  expect(viewer.forwarded).toEqual({ lastN: 2, peerIds: ['a', 'b'] });
  expect(all.map((one) => viewer.believesPaused(one))).toEqual([false, false, true, false]);

  // It goes on and off without being seen.
  await c.client.control('pauseProducer', { producerId: c.producerId });
  await c.client.control('resumeProducer', { producerId: c.producerId });
  await eventually(() =>
    viewer.client.peer
      .notifications('consumerResumed')
      .some(({ consumerId }) => consumerId === viewer.consumerOf(c)),
  );
  expect(viewer.believesPaused(c)).toBe(true);

  await speak(c);
  await viewer.seesOnly(all, 'a', 'c', 'screen');
  expect(viewer.forwarded).toEqual({ lastN: 2, peerIds: ['c', 'a'] });
  expect(all.map((one) => viewer.believesPaused(one))).toEqual([false, true, false, false]);

  // A camera that is off takes no place.
  await a.client.control('pauseProducer', { producerId: a.producerId });
  await viewer.seesOnly(all, 'b', 'c', 'screen');
  expect(all.map((one) => viewer.believesPaused(one))).toEqual([true, false, false, false]);
  await a.client.control('resumeProducer', { producerId: a.producerId });
  await eventually(async () => (await viewer.sees(all)).includes('a'), { timeoutMs: 10_000 });
}, 60_000);

test('one that its client paused stays so when its turn comes', async () => {
  const node = await startNode({ lastN: 1 });
  const viewer = await Viewer.join(node, 'viewer');
  const [a, b] = [await camera(node, 'a'), await camera(node, 'b')];
  await viewer.seesOnly([a, b], 'a');
  await viewer.client.control('pauseConsumer', { consumerId: viewer.consumerOf(b) });
  await speak(b);
  await viewer.seesOnly([a, b]);
  await viewer.client.control('resumeConsumer', { consumerId: viewer.consumerOf(b) });
  await viewer.seesOnly([a, b], 'b');
}, 60_000);

test('whom a client pins is seen before all others', async () => {
  const node = await startNode({ lastN: 1 });
  const viewer = await Viewer.join(node, 'viewer');
  const all = [await camera(node, 'a'), await camera(node, 'b'), await camera(node, 'c')];
  await viewer.seesOnly(all, 'a');
  await viewer.client.peer.request('setPinnedPeers', { peerIds: ['c'] });
  await viewer.seesOnly(all, 'c');
  await viewer.client.peer.request('setPinnedPeers', { peerIds: [] });
  await viewer.seesOnly(all, 'a');
}, 60_000);

test('a token sets the options of its room on all its nodes, as long as its peer is there', async () => {
  const nodes = await SharedNodes.start(2);
  closers.push(() => nodes.close());
  const viewer = await Viewer.join(nodes.port(0), 'viewer');
  const all = [await camera(nodes.port(0), 'a'), await camera(nodes.port(1), 'b')];
  await viewer.seesOnly(all, 'a', 'b');
  const moderator = await join(nodes.port(1), 'moderator', { roomOptions: { lastN: 1 } });
  await viewer.seesOnly(all, 'a');
  moderator.peer.leave();
  await viewer.seesOnly(all, 'a', 'b');
  expect(viewer.forwarded).toEqual({ lastN: 0, peerIds: [] });
}, 60_000);

test('without last-N everybody is seen and nobody is told', async () => {
  const node = await startNode({});
  const viewer = await Viewer.join(node, 'viewer');
  const all = [await camera(node, 'a'), await camera(node, 'b'), await camera(node, 'c')];
  await viewer.seesOnly(all, 'a', 'b', 'c');
  expect(viewer.client.peer.notifications('forwardedVideo')).toEqual([]);
}, 60_000);

test('who speaks on another node is seen on this one', async () => {
  const nodes = await SharedNodes.start(2, { lastN: 1 });
  closers.push(() => nodes.close());
  const viewer = await Viewer.join(nodes.port(0), 'viewer');
  const [here, far] = [await camera(nodes.port(0), 'here'), await camera(nodes.port(1), 'far')];
  await viewer.seesOnly([here, far], 'here');
  await speak(far);
  await viewer.seesOnly([here, far], 'far');
}, 60_000);
