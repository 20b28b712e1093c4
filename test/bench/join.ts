import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../helpers/browser';
import { RunningFleet } from '../helpers/fleet-up';
import { median, runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';
import { firstFrameMs } from './join-page';
import { joinRate } from './join-rate';

const JOINS_PER_ROUND = 8;

/**
 * From the WebSocket's opening to the first decoded frame in Chromium, on the gateway that is the media node too and
 * on the other one, in turn.
 */
async function firstFrames(fleet: RunningFleet, browser: Browser): Promise<Sample[]> {
  const roomId = `join-${Math.random().toString(36).slice(2)}`;
  const [a, b] = fleet.ready.nodes;
  if (!a || !b) throw new Error('two nodes are needed');
  const publisher = await openPage(
    browser,
    `${a.httpUrl}/?${new URLSearchParams({ room: roomId, name: 'publisher', autojoin: '1' }).toString()}`,
  );
  try {
    await publisher.page.waitForSelector('[data-testid=status][data-state=connected]', { state: 'attached' });
    const { nodes } = await fleet.operator<{ nodes: string[] }>(`/v1/rooms/${roomId}`);
    const direct = a.nodeId === nodes[0] ? a : b;
    const relayed = direct === a ? b : a;
    const times: { direct: number[]; relayed: number[] } = { direct: [], relayed: [] };
    for (let index = 0; index < JOINS_PER_ROUND; index += 1) {
      times.direct.push(await firstFrameMs({ browser, url: direct.httpUrl, roomId }));
      times.relayed.push(await firstFrameMs({ browser, url: relayed.httpUrl, roomId }));
    }
    const directMs = median(times.direct);
    const relayedMs = median(times.relayed);
    return [
      { name: 'direct_ms', unit: 'ms', value: directMs },
      { name: 'relayed_ms', unit: 'ms', value: relayedMs },
      { name: 'relay_added_ms', unit: 'ms', value: relayedMs - directMs, bound: '<= 30' },
    ];
  } finally {
    await publisher.context.close();
  }
}

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const browser = await launchBrowser();
  const fleet = await RunningFleet.start(['--nodes', '2']);
  try {
    return await runRounds(options, async () => [
      ...(await firstFrames(fleet, browser)),
      ...(await joinRate()),
    ]);
  } finally {
    await browser.close();
    await fleet.stop();
  }
}

export const bench: Benchmark = {
  name: 'join',
  description: 'time to the first decoded frame, direct and relayed, and joins per second on one core',
  defaultRounds: 3,
  run,
};
