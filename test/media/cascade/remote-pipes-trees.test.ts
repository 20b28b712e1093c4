import { eventually } from '../../helpers/eventually';
import type { PipedNode } from '../../helpers/piped-node';
import { PipedNodes } from '../../helpers/piped-nodes';

let nodes: PipedNodes;
let a: PipedNode;
let b: PipedNode;
let c: PipedNode;
let d: PipedNode;

/** Each node sends a stream to one other. */
const NARROW = { fanOutLimit: 1 };

beforeEach(async () => {
  nodes = new PipedNodes();
  [a, b, c, d] = (await nodes.start({ a: NARROW, b: NARROW, c: NARROW, d: {} })) as [
    PipedNode,
    PipedNode,
    PipedNode,
    PipedNode,
  ];
});

afterEach(() => nodes.close());

const pulls = () => nodes.channels.of('pull').map(({ from, to }) => `${from}<-${to}`);

test('a source that serves as many as it may names who has the stream, two steps deep', async () => {
  const { producer } = await a.router.speaker(101);
  const stream = a.router.announce(producer);
  const atB = await b.router.view(stream);
  const atC = await c.router.view(stream);
  await eventually(() => atB.received() > 10 && atC.received() > 10);
  expect(pulls()).toEqual(['b<-a', 'c<-a', 'c<-b']);

  // a and b are full, and c is as far from the publisher as a stream goes.
  const closing = { ...stream, closed: true };
  await expect(d.router.room.reachRemote(closing)).rejects.toMatchObject({ code: 'FLEET_ERR_PIPE_FULL' });
  expect(pulls().slice(3)).toEqual(['d<-a', 'd<-b']);
  await expect(
    d.router.room.reachRemote({ ...closing, nodeId: 'c', routerId: c.router.room.id }),
  ).rejects.toMatchObject({ code: 'FLEET_ERR_PIPE_FULL' });

  // Its place goes to the next when it leaves.
  await atC.leave();
  const atD = await eventually(() => d.router.view(stream).catch(() => undefined));
  await eventually(() => atD.received() > 10);
}, 60_000);

test('what passes two steps is seen at their end: pauses, layers, closing', async () => {
  const { producer, layers } = await a.router.camera([201, 202, 203]);
  const stream = a.router.announce(producer);
  const between = await b.router.view(stream);
  await prefer(between, 0);
  const end = await c.router.view(stream);
  expect(pulls()).toEqual(['b<-a', 'c<-a', 'c<-b']);
  let lastSize = 0;
  end.peer.onPacket(({ payload }) => {
    if (payload.length > 100) lastSize = payload.length;
  });
  const fromA = async () => (await a.router.room.measurePipes())[0]?.producers[0]?.spatialLayers?.join();
  // b's own viewer wants the lowest layer, and c's the highest.
  await eventually(() => lastSize === 1_000, { timeoutMs: 20_000 });
  await eventually(async () => (await fromA()) === '0,2', { timeoutMs: 20_000 });

  await prefer(end, 0);
  await eventually(async () => lastSize === 200 && (await fromA()) === '0', { timeoutMs: 20_000 });
  await prefer(end, 2);
  const askedAt = performance.now();
  await eventually(() => lastSize === 1_000);
  expect(performance.now() - askedAt).toBeLessThan(3_000);

  // A layer that the publisher stops is missed at the end, and nothing wrong comes in its place.
  layers[2]?.stop();
  await eventually(() => lastSize === 500, { timeoutMs: 20_000 });

  const seen: string[] = [];
  for (const event of ['producerpause', 'producerresume', 'producerclose'] as const) {
    end.consumer.on(event, () => seen.push(event));
  }
  await producer.pause();
  await eventually(() => seen.includes('producerpause'));
  await producer.resume();
  await eventually(() => seen.includes('producerresume'));

  // The one between passes it on although nobody watches there.
  await between.leave();
  const before = end.received();
  await eventually(() => end.received() > before + 20);
  producer.close();
  await eventually(() => seen.includes('producerclose'));
  await eventually(async () =>
    (await b.router.room.measurePipes()).every(({ producers }) => producers.length === 0),
  );
}, 90_000);

test('a key-frame request passes both steps at once, and data passes them, too', async () => {
  const { producer, peer } = await a.router.camera([301]);
  const stream = a.router.announce(producer);
  const sender = await (await a.router.room.router.createDirectTransport()).produceData({ label: 'chat' });
  a.router.test.dataProducers.set(sender.id, sender);
  for (const node of [b, c]) {
    const viewer = await node.router.view(stream);
    await eventually(() => viewer.received() > 10);
    const { value } = await node.router.room.reachRemoteData(a.router.announce(sender));
    expect(value.label).toBe('chat');
    // Nobody waits for one any more: consumers ask when they begin, and the source passes on one a second.
    const before = await quietRequests(peer);
    const askedAt = performance.now();
    await viewer.consumer.requestKeyFrame();
    await eventually(() => peer.keyFrameRequests > before, { intervalMs: 5 });
    expect(performance.now() - askedAt).toBeLessThan(300);
  }
  expect(nodes.channels.of('pullData').map(({ from, to }) => `${from}<-${to}`)).toEqual([
    'b<-a',
    'c<-a',
    'c<-b',
  ]);
}, 60_000);

test('when a holder goes, those behind it learn that, and get the stream from another', async () => {
  const { producer } = await a.router.speaker(401);
  const stream = a.router.announce(producer);
  await b.router.view(stream);
  const atC = await c.router.view(stream);
  const lost = new Promise<void>((resolve) => atC.consumer.once('producerclose', () => resolve()));
  await b.close();
  for (const node of [a, c]) node.pipes.nodeLost('b');
  await lost;
  const again = await c.router.view(stream);
  await eventually(() => again.received() > 10);
  expect(pulls().at(-1)).toBe('c<-a');
}, 60_000);

async function prefer(viewer: Awaited<ReturnType<PipedNode['router']['view']>>, spatialLayer: number) {
  await viewer.consumer.setPreferredLayers({ spatialLayer });
  viewer.watched.preferredLayersChanged();
}

/** How many key frames a sender was asked for, once that has been the same for more than a second. */
async function quietRequests(peer: { keyFrameRequests: number }): Promise<number> {
  let requests = -1;
  let sinceMs = 0;
  await eventually(() => {
    if (requests !== peer.keyFrameRequests) sinceMs = performance.now();
    requests = peer.keyFrameRequests;
    return performance.now() - sinceMs > 1_300;
  });
  return requests;
}

describe('a stream of another region', () => {
  const EU = (nodeId: string) => (nodeId === 'f' ? undefined : 'us');
  const US = (nodeId: string) => (nodeId === 'f' ? 'eu' : undefined);

  const far = async (passesOn: number) =>
    (await nodes.start({
      f: { farRegionOf: EU },
      g: { farRegionOf: US, fanOutLimit: passesOn },
      h: { farRegionOf: US },
    })) as [PipedNode, PipedNode, PipedNode];

  test('comes once, and goes on within its viewers’ region', async () => {
    const [f, g, h] = await far(10);
    const { producer } = await f.router.speaker(801);
    const stream = f.router.announce(producer);
    const atG = await g.router.view(stream);
    const atH = await h.router.view(stream);
    await eventually(() => atG.received() > 10 && atH.received() > 10);
    expect(pulls()).toEqual(['g<-f', 'h<-f', 'h<-g']);
    // Whoever had it there goes: the next one gets it from where it is published.
    g.pipes.nodeLost('f');
    f.pipes.nodeLost('g');
    await eventually(() => atH.consumer.closed);
    const again = await eventually(() => h.router.view(stream).catch(() => undefined));
    await eventually(() => again.received() > 10);
    expect(pulls().at(-1)).toBe('h<-f');
  }, 60_000);

  test('comes again for who gets it from nobody in its region', async () => {
    const [f, g, h] = await far(0);
    const { producer } = await f.router.speaker(811);
    const stream = f.router.announce(producer);
    const atG = await g.router.view(stream);
    const atH = await h.router.view(stream);
    await eventually(() => atG.received() > 10 && atH.received() > 10);
    expect(pulls()).toEqual(['g<-f', 'h<-f', 'h<-g', 'h<-f']);
  }, 60_000);
});
