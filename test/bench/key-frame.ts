import { eventually } from '../helpers/eventually';
import { overLink, type PipedNode } from '../helpers/piped-node';
import { PipedNodes } from '../helpers/piped-nodes';
import { UdpLink } from '../helpers/udp-link';
import { percentile, runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

/** Of each of the two hops, media and messages alike. */
const ONE_WAY_MS = 25;
const ROUND_TRIP_MS = 2 * 2 * ONE_WAY_MS;
const ASKS = 15;
/** After it the source passes on a request at once: nobody has asked for a second. */
const IDLE_MS = 1_300;

/**
 * What a viewer two hops away from a camera waits for a key frame that it asks for, by RTCP as a browser does, while
 * nobody else has asked for one lately.
 */
export const bench: Benchmark = {
  name: 'key-frame',
  description: 'wait for a key frame over two hops of 50 ms there and back each',
  defaultRounds: 3,
  run,
};

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const nodes = new PipedNodes();
  nodes.channels.delayMs = ONE_WAY_MS;
  const links = Array.from({ length: 2 }, () => new UdpLink({ loss: 0, delayMs: ONE_WAY_MS }));
  const [first, second] = links as [UdpLink, UdpLink];
  try {
    const [a, b, c] = (await nodes.start({
      // One other node: the third gets the stream from the second.
      a: { fanOutLimit: 1, between: overLink(() => first) },
      b: { between: overLink(() => second) },
      c: {},
    })) as [PipedNode, PipedNode, PipedNode];
    const { producer } = await a.router.camera([101]);
    const stream = a.router.announce(producer);
    await b.router.view(stream);
    const viewer = await c.router.view(stream);
    await eventually(() => viewer.received() > 10);
    return await runRounds(options, () => round(viewer));
  } finally {
    await nodes.close();
    await Promise.all(links.map((link) => link.close()));
  }
}

async function round({ peer, ssrc }: Awaited<ReturnType<PipedNode['router']['view']>>): Promise<Sample[]> {
  let onKeyFrame: ((atMs: number) => void) | undefined;
  peer.onPacket(({ header, payload }) => {
    // The first packet of a frame, and the bit that says delta frame (VP8, see sendVp8).
    if (header.ssrc === ssrc && payload[0] === 0x10 && payload[1] === 0x00) onKeyFrame?.(performance.now());
  });
  const waits: number[] = [];
  for (let ask = 0; ask < ASKS; ask += 1) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const askedAtMs = performance.now();
    const came = new Promise<number>((resolve) => (onKeyFrame = resolve));
    await peer.sendPli(ssrc);
    waits.push((await came) - askedAtMs);
    onKeyFrame = undefined;
  }
  return [
    {
      name: 'key_frame_wait_p95_ms',
      unit: 'ms',
      value: percentile(waits, 0.95),
      bound: `<= ${300 + ROUND_TRIP_MS}`,
    },
    { name: 'key_frame_wait_p50_ms', unit: 'ms', value: percentile(waits, 0.5) },
    { name: 'round_trip_ms', unit: 'ms', value: ROUND_TRIP_MS },
  ];
}
