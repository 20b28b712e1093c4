import type { types } from 'mediasoup';
import { eventually } from '../../helpers/eventually';
import type { PipedNode, PipedRouter } from '../../helpers/piped-node';
import { PipedNodes } from '../../helpers/piped-nodes';

let nodes: PipedNodes;
let a: PipedNode;
let b: PipedNode;

beforeEach(async () => {
  nodes = new PipedNodes();
  [a, b] = (await nodes.start({ a: { routers: 2 }, b: { routers: 2 } })) as [PipedNode, PipedNode];
});

afterEach(() => nodes.close());

const second = ({ routers: [, router] }: PipedNode) => router as PipedRouter;

test('what a node publishes is received on the other, both ways, and what happens to it is seen', async () => {
  const [here, there] = await Promise.all([a.router.speaker(101), b.router.speaker(102)]);
  // Both begin at once.
  const [atB, atA] = await Promise.all([
    b.router.view(a.router.announce(here.producer)),
    a.router.view(b.router.announce(there.producer)),
  ]);
  expect([atB.consumer.producerId, atA.consumer.producerId]).toEqual([here.producer.id, there.producer.id]);
  await eventually(() => atB.received() > 10 && atA.received() > 10);
  // One pipe each way.
  expect(nodes.channels.of('open').map(({ from }) => from)).toEqual(expect.arrayContaining(['a', 'b']));
  expect(nodes.channels.of('open')).toHaveLength(2);

  const seen: string[] = [];
  for (const event of ['producerpause', 'producerresume', 'producerclose'] as const) {
    atB.consumer.on(event, () => seen.push(event));
  }
  await here.producer.pause();
  await eventually(() => seen.includes('producerpause'));
  await here.producer.resume();
  await eventually(() => seen.includes('producerresume'));
  const before = atB.received();
  await eventually(() => atB.received() > before + 10);
  here.producer.close();
  await eventually(() => seen.includes('producerclose'));
  await expect(b.router.room.reachRemote(a.router.announce(here.producer))).rejects.toMatchObject({
    code: 'FLEET_ERR_NOT_FOUND',
  });
}, 60_000);

test('there is one pair of transports per lane and pair of routers, however much is pulled', async () => {
  const published = await Promise.all([
    a.router.speaker(201),
    a.router.speaker(202),
    a.router.camera([211, 212]),
    a.router.camera([221, 222]),
  ]);
  const streams = published.map(({ producer }) => a.router.announce(producer));
  const elsewhere = second(a).announce((await second(a).speaker(203)).producer);
  const holds = await Promise.all(
    [...streams, ...streams, elsewhere].map((stream) => b.router.room.reachRemote(stream)),
  );
  expect(new Set(holds.map(({ value }) => value.producer.id)).size).toBe(5);
  // The whole lane and the layered one from the first router, the whole one from the second.
  expect([await a.router.lanes(), await second(a).lanes(), await b.lanes()]).toEqual([2, 1, 3]);

  const outgoing = await a.router.room.measurePipes();
  expect(outgoing).toMatchObject([{ toNode: 'b', fromWorker: 0 }]);
  expect(outgoing[0]?.producers).toHaveLength(4);
  const incoming = b.router.room.describePipes();
  expect(incoming.map(({ fromNode, toWorker }) => [fromNode, toWorker])).toEqual([
    ['a', 0],
    ['a', 0],
  ]);
  expect(incoming.flatMap(({ producers }) => producers)).toHaveLength(5);
  for (const hold of holds) hold.release();
  await eventually(async () => (await a.router.room.measurePipes())[0]?.producers.length === 0);
}, 60_000);

test('a stream comes to a node once; its other routers get it there', async () => {
  const { producer } = await a.router.camera([301, 302, 303]);
  const stream = a.router.announce(producer);
  const [first, other] = await Promise.all([b.router.view(stream), second(b).view(stream)]);
  await eventually(() => first.received() > 10 && other.received() > 10, { timeoutMs: 20_000 });
  expect(nodes.channels.of('pull')).toHaveLength(1);

  // Whoever watches at the other router still does when the first one's viewer leaves.
  const [entered, crossed] =
    (await b.router.room.measurePipes()).length > 1 ? [other, first] : [first, other];
  await entered.leave();
  const before = crossed.received();
  await eventually(() => crossed.received() > before + 20);
  await crossed.leave();
  await eventually(() => nodes.channels.of('drop').length === 1);
}, 60_000);

test('upper layers cross while somebody over there wants them, and are back within 3 s', async () => {
  const { producer } = await a.router.camera([401, 402, 403]);
  const { consumer, watched, peer } = await b.router.view(a.router.announce(producer));
  let lastSize = 0;
  peer.onPacket(({ payload }) => {
    if (payload.length > 100) lastSize = payload.length;
  });
  const crossing = async () => (await a.router.room.measurePipes())[0]?.producers[0]?.spatialLayers?.join();
  await eventually(async () => lastSize === 1_000 && (await crossing()) === '2', { timeoutMs: 20_000 });
  await prefer(0);
  await eventually(async () => lastSize === 200 && (await crossing()) === '0', { timeoutMs: 20_000 });
  await prefer(2);
  const askedAt = performance.now();
  await eventually(() => lastSize === 1_000);
  expect(performance.now() - askedAt).toBeLessThan(3_000);
  await consumer.pause();
  await eventually(async () => (await crossing()) === '');

  async function prefer(spatialLayer: number) {
    await consumer.setPreferredLayers({ spatialLayer });
    watched.preferredLayersChanged();
  }
}, 60_000);

test('how a pipe fares is measured at both of its ends', async () => {
  const { producer } = await a.router.camera([501], { payloadBytes: 1_000 });
  const viewer = await b.router.view(a.router.announce(producer));
  await eventually(() => viewer.received() > 10);
  const fares: unknown = expect.objectContaining({
    bitrateBps: expect.closeTo(30 * 8_000, -5) as number,
    lossRatio: 0,
    rttMs: expect.any(Number) as number,
  });
  await eventually(
    async () => {
      expect(await a.router.room.measurePipes()).toEqual([fares]);
      expect(await b.router.room.measurePipes()).toEqual([fares]);
      return true;
    },
    { timeoutMs: 20_000 },
  );
}, 60_000);

test('data crosses with its order and reliability, and ends with its source', async () => {
  const sender: types.DataProducer = await (
    await a.router.room.router.createDirectTransport()
  ).produceData({ label: 'chat', appData: { peerId: 'alice' } });
  a.router.test.dataProducers.set(sender.id, sender);
  const stream = a.router.announce(sender);
  const holds = await Promise.all([
    b.router.room.reachRemoteData(stream),
    second(b).room.reachRemoteData(stream),
  ]);
  const got: string[][] = [];
  for (const [index, { value }] of holds.entries()) {
    expect(value).toMatchObject({ id: sender.id, label: 'chat', appData: { peerId: 'alice' } });
    const router = (b.routers[index] as PipedRouter).room.router;
    const receiver = await (await router.createDirectTransport()).consumeData({ dataProducerId: value.id });
    const messages: string[] = [];
    receiver.on('message', (message) => messages.push(message.toString()));
    got.push(messages);
  }
  const texts = Array.from({ length: 50 }, (_, index) => `m${index}`);
  for (const text of texts) sender.send(text);
  await eventually(() => got.every((messages) => messages.length === texts.length));
  expect(got).toEqual([texts, texts]);
  sender.close();
  await eventually(() => holds.every(({ value }) => value.closed));
}, 60_000);

test('a pipe that nobody uses any more gives its ports back', async () => {
  const { producer } = await a.router.speaker(601);
  const hold = await b.router.room.reachRemote(a.router.announce(producer));
  expect([await a.lanes(), await b.lanes()]).toEqual([1, 1]);
  hold.release();
  await eventually(async () => (await a.lanes()) + (await b.lanes()) === 0, { timeoutMs: 15_000 });
}, 60_000);
