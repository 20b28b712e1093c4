import type { Browser } from 'playwright-core';
import { ChaosFleet } from '../chaos/chaos-fleet';
import { SdkSite } from '../e2e/sdk-site';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { percentile, runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';
import { CodedPage, FRAME_MS, type Shown } from './migration/coded-page';

const ROUND_TRIP_MS = 50;
/** Of the one room people migrate, of the other they join anew, as without migration. */
const ROOMS = { migrating: ['ada', 'bob'], rejoining: ['cem', 'dan'] };
/** A drain waits for rooms to end in its first half. */
const DRAIN_MINUTES = 1;
/** Before the drain, to know what this machine leaves out by itself. */
const CALM_MS = 10_000;
/** For layers to come back. */
const AFTERWARDS_MS = 6_000;
const ENVIRONMENT = { FLEET_CAPACITY_EGRESS_BPS: '200000000' };

/** What people in browsers miss while their node is drained: those whose client migrates, and those whose can't. */
export const bench: Benchmark = {
  name: 'drain-gap',
  description: 'pictures and sound that browsers miss while their node is drained, nodes at 50 ms round trip',
  defaultRounds: 5,
  async run(options) {
    const stage = await Stage.start();
    try {
      return await runRounds(options, () => round(stage, options));
    } finally {
      await stage.close();
    }
  },
};

async function round(stage: Stage, { log }: BenchmarkOptions): Promise<Sample[]> {
  const calm = await stage.during('migrating', () => pause(CALM_MS));
  const dropsBefore = await stage.drops();
  let rejoined: Shown[] = [];
  const migrated = await stage.during('migrating', async () => {
    rejoined = await stage.during('rejoining', () => stage.drain());
  });
  const drops = (await stage.drops()) - dropsBefore;
  log(`migrated: ${describe(migrated)}; rejoined: ${describe(rejoined)}; calm: ${describe(calm)}`);

  const gaps = migrated.flatMap(({ videoGapMs, audioGapMs }) => [videoGapMs, audioGapMs]);
  const breaks = rejoined.flatMap(({ videoGapMs, audioGapMs }) => [videoGapMs, audioGapMs]);
  const p50 = percentile(gaps, 0.5);
  const most = (shown: Shown[], of: keyof Shown) => Math.max(...shown.map((one) => one[of]));
  return [
    { name: 'gap_p50_ms', unit: 'ms', value: p50, bound: '<= 20' },
    { name: 'gap_p99_ms', unit: 'ms', value: percentile(gaps, 0.99), bound: '<= 200' },
    { name: 'dropped_peers', unit: 'peers', value: drops, bound: '<= 0' },
    { name: 'layer_restored_ms', unit: 'ms', value: most(migrated, 'smallerMs'), bound: '<= 3000' },
    { name: 'over_break_before_make', unit: '', value: p50 / percentile(breaks, 0.5), bound: '<= 0.1' },
    { name: 'freeze_max_ms', unit: 'ms', value: most(migrated, 'freezeMs') },
    { name: 'calm_gap_max_ms', unit: 'ms', value: most(calm, 'videoGapMs') },
    { name: 'calm_freeze_max_ms', unit: 'ms', value: most(calm, 'freezeMs') },
    { name: 'rejoin_gap_p50_ms', unit: 'ms', value: percentile(breaks, 0.5) },
  ];
}

/** Two nodes far from each other, and both rooms on one of them, wherever that is. */
class Stage {
  readonly #pages = new Map<string, CodedPage>();

  private constructor(
    private readonly fleet: ChaosFleet,
    private readonly site: SdkSite,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<Stage> {
    const fleet = await ChaosFleet.start(2, { env: ENVIRONMENT, roundTripMs: ROUND_TRIP_MS });
    const stage = new Stage(fleet, await SdkSite.start(), await launchBrowser());
    try {
      // Both rooms begin on the same node.
      await fleet.hosts.operator('/v1/nodes/node-b/cordon', {});
      for (const roomId of Object.keys(ROOMS) as (keyof typeof ROOMS)[]) await stage.#fill(roomId);
      await fleet.hosts.operator('/v1/nodes/node-b/uncordon', {});
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** What the people of that room missed of each other meanwhile. */
  async during(roomId: keyof typeof ROOMS, action: () => Promise<void>): Promise<Shown[]> {
    const pages = ROOMS[roomId].map((peerId) => this.#page(peerId));
    await Promise.all(pages.map((page) => page.begin()));
    await action();
    const shown = (await Promise.all(pages.map((page) => page.shown()))).flat();
    if (shown.some(({ pictures }) => pictures < CALM_MS / FRAME_MS / 3)) {
      throw new Error(`too few pictures were shown: ${describe(shown)}`);
    }
    return shown;
  }

  /** Empties the node on which the rooms are. */
  async drain(): Promise<void> {
    const { hosts } = this.fleet;
    const [from = ''] = (await hosts.room('migrating'))?.nodes ?? [];
    const body = { deadlineMinutes: DRAIN_MINUTES, reason: 'drain-gap' };
    await hosts.operator(`/v1/nodes/${from}/drain`, body);
    await eventually(
      async () => {
        const rooms = await Promise.all(Object.keys(ROOMS).map((roomId) => hosts.room(roomId)));
        return rooms.every((room) => room !== undefined && !room.nodes.includes(from));
      },
      { timeoutMs: 2 * DRAIN_MINUTES * 60_000 },
    );
    await pause(AFTERWARDS_MS);
    await hosts.operator(`/v1/nodes/${from}/uncordon`, {});
  }

  /** Times that somebody who migrates lost the connection, or something of somebody else, until now. */
  async drops(): Promise<number> {
    const counts = await Promise.all(ROOMS.migrating.map((peerId) => this.#page(peerId).drops()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.site.close();
    await this.fleet.close();
  }

  async #fill(roomId: keyof typeof ROOMS): Promise<void> {
    const { url, hosts } = this.fleet;
    const migrates = roomId === 'migrating';
    for (const peerId of ROOMS[roomId]) {
      const options = { url, token: hosts.token, roomId, peerId, migrates };
      this.#pages.set(peerId, await CodedPage.open(this.browser, this.site.url, options));
    }
    for (const peerId of ROOMS[roomId]) {
      for (const other of ROOMS[roomId]) if (other !== peerId) await this.#page(peerId).watch(other);
    }
  }

  #page(peerId: string): CodedPage {
    const page = this.#pages.get(peerId);
    if (!page) throw new RangeError(`nobody is ${peerId}`);
    return page;
  }
}

function describe(shown: Shown[]): string {
  return shown
    .map(({ videoGapMs, audioGapMs, freezeMs }) =>
      [videoGapMs, audioGapMs, freezeMs].map(Math.round).join('/'),
    )
    .join(' ');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
