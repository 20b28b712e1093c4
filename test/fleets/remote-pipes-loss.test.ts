import { eventually } from '../helpers/eventually';
import { overLink, type PipedNode } from '../helpers/piped-node';
import { PipedNodes } from '../helpers/piped-nodes';
import { missingOf } from '../helpers/sequence-numbers';
import { UdpLink } from '../helpers/udp-link';
import type { WayOptions } from '../helpers/way';

let nodes: PipedNodes;
let links: Record<'a' | 'b', UdpLink>;

async function start(options: WayOptions & { delayMs: number }): Promise<[PipedNode, PipedNode, PipedNode]> {
  nodes = new PipedNodes();
  nodes.channels.delayMs = options.delayMs;
  links = { a: new UdpLink(options), b: new UdpLink(options) };
  return (await nodes.start({
    a: { fanOutLimit: 1, between: overLink(() => links.a) },
    b: { between: overLink(() => links.b) },
    c: {},
  })) as [PipedNode, PipedNode, PipedNode];
}

afterEach(async () => {
  await nodes.close();
  await Promise.all([links.a.close(), links.b.close()]);
});

test.each([
  ['50 ms, 1 % loss and 1 % overtaken', { loss: 0.01, delayMs: 25, reordering: 0.01 }],
  ['100 ms, 3 % loss and 1 % overtaken', { loss: 0.03, delayMs: 50, reordering: 0.01 }],
])(
  'over two hops of %s more than 95 % of what is lost is repaired',
  async (_, way) => {
    const [a, b, c] = await start(way);
    const { producer } = await a.router.camera([101, 102], { packetsPerFrame: 12, payloadBytes: 200 });
    const stream = a.router.announce(producer);
    await b.router.view(stream);
    const viewer = await c.router.view(stream);
    await eventually(() => viewer.consumer.currentLayers?.spatialLayer === 1, { timeoutMs: 20_000 });
    const numbers = new Set<number>();
    viewer.peer.onPacket(({ header }) => {
      if (header.ssrc === viewer.ssrc) numbers.add(header.sequenceNumber);
    });
    links.a.counts.lost = 0;
    await eventually(() => numbers.size > 6_000, { timeoutMs: 40_000 });
    // Of more than a hundred that are lost, so that one more or less makes no difference. Without the newest second, whose
    // repairs may be on their way.
    const { expected, missing } = missingOf([...numbers], 450);
    console.info(`${missing} of ${expected} are missing, ${links.a.counts.lost} were lost on the first hop`);
    expect(links.a.counts.lost).toBeGreaterThan(expected * way.loss * 0.5);
    expect(missing).toBeLessThan(expected * 2 * way.loss * 0.05);
  },
  90_000,
);

test('with 100 ms and 1 % an upper layer is back within 3 s of who wants it two hops away, and hops are measured', async () => {
  const [a, b, c] = await start({ loss: 0.01, delayMs: 50 });
  const { producer } = await a.router.camera([201, 202, 203]);
  const stream = a.router.announce(producer);
  const between = await b.router.view(stream);
  const end = await c.router.view(stream);
  let lastSize = 0;
  end.peer.onPacket(({ payload }) => {
    if (payload.length > 100) lastSize = payload.length;
  });
  await eventually(() => lastSize === 1_000, { timeoutMs: 20_000 });
  for (const { consumer, watched } of [between, end]) {
    await consumer.setPreferredLayers({ spatialLayer: 0 });
    watched.preferredLayersChanged();
  }
  const fromA = async () => (await a.router.room.measurePipes())[0]?.producers[0]?.spatialLayers?.join();
  await eventually(async () => lastSize === 200 && (await fromA()) === '0', { timeoutMs: 20_000 });

  await end.consumer.setPreferredLayers({ spatialLayer: 2 });
  end.watched.preferredLayersChanged();
  const askedAt = performance.now();
  await eventually(() => lastSize === 1_000);
  expect(performance.now() - askedAt).toBeLessThan(3_000);

  await eventually(
    async () => {
      const [toB] = await a.router.room.measurePipes();
      expect(toB?.rttMs).toBeGreaterThan(95);
      expect(toB?.rttMs).toBeLessThan(200);
      const [fromB] = await c.router.room.measurePipes();
      expect(fromB).toMatchObject({ fromNode: 'b', toWorker: 0 });
      expect(fromB?.bitrateBps).toBeGreaterThan(100_000);
      return true;
    },
    { timeoutMs: 20_000 },
  );
}, 90_000);
