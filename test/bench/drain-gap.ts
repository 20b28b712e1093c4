import type { Browser } from 'playwright-core';
import { ChaosFleet } from '../chaos/chaos-fleet';
import { SdkSite } from '../e2e/sdk-site';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { percentile, runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';
import { CodedPage, FRAME_MS, type Shown } from './migration/coded-page';

const ROUND_TRIP_MS = 50;
const PEOPLE = ['ada', 'bob'];
/** A drain waits for rooms to end in its first half. */
const DRAIN_MINUTES = 1;
/** Before the drain, to know what this machine leaves out by itself. */
const CALM_MS = 10_000;
/** For layers to come back. */
const AFTERWARDS_MS = 6_000;
/** For a page that has just begun to come to rest: its clients are estimating bandwidth. */
const WARM_UP_MS = 5_000;
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
  // One after the other: four browsers that encode and decode at once are more than two cores have.
  const { shown: migrated, calm, drops } = await stage.drainRoom({ migrates: true });
  const { shown: rejoined } = await stage.drainRoom({ migrates: false });
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

interface Drained {
  /** What the people of the room missed of each other around the drain. */
  shown: Shown[];
  /** And before it, when nothing happened. */
  calm: Shown[];
  /** Times that somebody lost the connection, or something of somebody else, during the drain. */
  drops: number;
}

/** Two nodes far from each other. */
class Stage {
  #rooms = 0;

  private constructor(
    private readonly fleet: ChaosFleet,
    private readonly site: SdkSite,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<Stage> {
    const fleet = await ChaosFleet.start(2, { env: ENVIRONMENT, roundTripMs: ROUND_TRIP_MS });
    return new Stage(fleet, await SdkSite.start(), await launchBrowser());
  }

  /** Fills a room, and drains the node on which it is. @param options.migrates false: people join anew, as without migration */
  async drainRoom({ migrates }: { migrates: boolean }): Promise<Drained> {
    const { url, hosts } = this.fleet;
    this.#rooms += 1;
    const roomId = `room-${this.#rooms}`;
    const pages: CodedPage[] = [];
    try {
      for (const peerId of PEOPLE) {
        const options = { url, token: hosts.token, roomId, peerId, migrates };
        pages.push(await CodedPage.open(this.browser, this.site.url, options));
      }
      for (const [index, page] of pages.entries()) {
        for (const other of PEOPLE) if (other !== PEOPLE[index]) await page.watch(other);
      }
      await pause(WARM_UP_MS);
      const calm = await during(pages, () => pause(CALM_MS));
      const dropsBefore = await dropsOf(pages);
      const shown = await during(pages, () => this.#drain(roomId));
      return { shown, calm, drops: (await dropsOf(pages)) - dropsBefore };
    } finally {
      await Promise.all(pages.map((page) => page.close()));
    }
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.site.close();
    await this.fleet.close();
  }

  /** Empties the node on which the room is. */
  async #drain(roomId: string): Promise<void> {
    const { hosts } = this.fleet;
    const [from = ''] = (await hosts.room(roomId))?.nodes ?? [];
    const body = { deadlineMinutes: DRAIN_MINUTES, reason: 'drain-gap' };
    await hosts.operator(`/v1/nodes/${from}/drain`, body);
    const hasLeft = async () => {
      const room = await hosts.room(roomId);
      return room !== undefined && !room.nodes.includes(from);
    };
    await eventually(hasLeft, { timeoutMs: 2 * DRAIN_MINUTES * 60_000 });
    await pause(AFTERWARDS_MS);
    await hosts.operator(`/v1/nodes/${from}/uncordon`, {});
  }
}

/** What the people of these pages missed of each other meanwhile. */
async function during(pages: CodedPage[], action: () => Promise<void>): Promise<Shown[]> {
  await Promise.all(pages.map((page) => page.begin()));
  await action();
  const shown = (await Promise.all(pages.map((page) => page.shown()))).flat();
  if (shown.some(({ pictures }) => pictures < CALM_MS / FRAME_MS / 3)) {
    throw new Error(`too few pictures were shown: ${describe(shown)}`);
  }
  return shown;
}

async function dropsOf(pages: CodedPage[]): Promise<number> {
  const counts = await Promise.all(pages.map((page) => page.drops()));
  return counts.reduce((sum, count) => sum + count, 0);
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
