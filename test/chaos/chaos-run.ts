import { systemClock } from '../../local/fleet-runner/system-clock';
import { seededRandom } from '../bench/harness';
import { eventually } from '../helpers/eventually';
import { ChaosFleet } from './chaos-fleet';
import { BrowserPeers } from './browser-peer';
import { Crowd } from './crowd';
import { FAULT_KINDS, FAULTS, pick, type FaultKind } from './faults';
import { findLeaks, findProcesses, findSurvivors } from './leaks';
import { Watch } from './watch';

export interface ChaosOptions {
  /** How long faults begin. What is under way then is waited for. */
  minutes: number;
  /** The same seed makes the same choices; what the machine makes of them differs. */
  seed: number;
  /** Only these. @default all */
  kinds?: readonly FaultKind[];
  log: (line: string) => void;
}

/** One fault, or two at once, and what came of it. */
export interface Disturbance {
  kinds: readonly FaultKind[];
  /** From when somebody missed something until nobody missed anything any more; 0: nobody ever did. Milliseconds. */
  recoveryMs: number;
}

export interface ChaosResult {
  seed: number;
  disturbances: Disturbance[];
  /** Who gave up, or did not see or hear somebody for too long. */
  dropped: string[];
  /** Rooms with two homes that can reach each other. */
  splits: string[];
  /** What was left of people and nodes after these had gone. */
  leaks: string[];
  /** Nodes that ended by themselves. */
  crashed: string[];
}

const NODES = 4;
/** How often two faults come at once. */
const SHARE_OF_PAIRS = 0.3;
/** So long all must be well before the next fault, milliseconds. */
const WHOLE_FOR_MS = 2_000;
/**
 * After a fault is over everybody must be back by then, milliseconds. A node that Redis forgot is placed anew after a lease
 * (3 s), a lost session is given up after its grace (15 s), and both may follow each other.
 */
const RECOVERS_WITHIN_MS = 30_000;

/** A fleet with people, to which random harm is done. Leaves no process behind, also when it fails. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, log } = options;
  const random = seededRandom(seed);
  const fleet = await ChaosFleet.start(NODES);
  const browsers = await BrowserPeers.start();
  const { url } = fleet;
  const crowd = new Crowd({ url, token: fleet.hosts.token, random: Math.random, browsers });
  const watch = new Watch(fleet, crowd);
  const result: ChaosResult = {
    seed,
    disturbances: [],
    dropped: [],
    splits: watch.splits,
    leaks: [],
    crashed: fleet.crashed,
  };
  try {
    const entities = await fleet.hosts.entities();
    crowd.come();
    await eventually(() => watch.isWholeFor(WHOLE_FOR_MS));
    log(`${crowd.size} people in ${crowd.roomIds.length} rooms on ${NODES} nodes see and hear each other`);
    const untilMs = systemClock.monotonicMs() + options.minutes * 60_000;
    while (systemClock.monotonicMs() < untilMs) {
      await disturb({ fleet, crowd, watch, random, options, result });
    }
    result.dropped.push(...crowd.lost());
    watch.close();
    await crowd.leave();
    result.leaks.push(...(await findLeaks(fleet, entities)));
    log(`everybody has left; ${JSON.stringify(crowd.counts)}`);
    const pids = await findProcesses(fleet);
    await fleet.close();
    result.leaks.push(...(await findSurvivors(pids)));
    return result;
  } finally {
    watch.close();
    await crowd.leave();
    await browsers.close();
    await fleet.close();
  }
}

interface Stage {
  fleet: ChaosFleet;
  crowd: Crowd;
  watch: Watch;
  random: () => number;
  options: ChaosOptions;
  result: ChaosResult;
}

async function disturb({ fleet, crowd, watch, random, options, result }: Stage): Promise<void> {
  const { log, kinds: all = FAULT_KINDS } = options;
  const kinds = chooseKinds(random, all);
  watch.begin();
  const beganMs = systemClock.monotonicMs();
  const done = await Promise.all(kinds.map((kind) => FAULTS[kind]({ fleet, crowd, random })));
  const endedMs = systemClock.monotonicMs();
  const told = kinds.map((kind, index) => `${kind} (${done[index]})`).join(' and ');
  // What was done at the very end shows only a moment later.
  const isWhole = () => watch.isWholeFor(WHOLE_FOR_MS) && systemClock.monotonicMs() - endedMs > WHOLE_FOR_MS;
  const isBack = await eventually(isWhole, { timeoutMs: RECOVERS_WITHIN_MS }).then(
    () => true,
    () => false,
  );
  const recoveryMs = watch.brokenMs;
  result.disturbances.push({ kinds, recoveryMs });
  const lasted = `${((endedMs - beganMs) / 1_000).toFixed(1)} s`;
  const missed = `all well after ${recoveryMs} ms, first ${watch.firstMissing ?? ''}`;
  log(`${told}, ${lasted}: ${recoveryMs === 0 ? 'nobody missed anything' : missed}`);
  if (isBack) return;
  result.dropped.push(...watch.missing.map((text) => `after ${told}: ${text}`));
  for (const text of watch.missing) log(`  ${text}`);
}

/** One, or two of which at most one is about Redis. */
function chooseKinds(random: () => number, all: readonly FaultKind[]): FaultKind[] {
  const first = pick({ random }, all);
  const rest = all.filter((kind) => kind !== first && !(isOfRedis(kind) && isOfRedis(first)));
  return rest.length > 0 && random() < SHARE_OF_PAIRS ? [first, pick({ random }, rest)] : [first];
}

function isOfRedis(kind: FaultKind): boolean {
  return kind.startsWith('redis-');
}
