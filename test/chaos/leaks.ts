import { eventually } from '../helpers/eventually';
import type { ChaosFleet } from './chaos-fleet';

interface NodeAnswer {
  nodeId: string;
  committed: { egressBps: number };
  load: { rooms: number; clients: number };
}

/** Learned sizes of rooms stay, and so does what nodes say of themselves. */
const KEYS_OF_ROOMS = [/\}:rooms$/, /\}:room-parts$/, /\}:room-index$/, /\}:claims$/];

/** What is still there after everybody has left, in words. Waits for what may take its time. */
export async function findLeaks(fleet: ChaosFleet, before: Record<string, number>): Promise<string[]> {
  let leaks: string[] = [];
  await eventually(async () => {
    leaks = await look(fleet, before);
    return leaks.length === 0;
  }).catch(() => undefined);
  return leaks;
}

async function look({ hosts }: ChaosFleet, before: Record<string, number>): Promise<string[]> {
  const leaks: string[] = [];
  const { nodes } = await hosts.operator<{ nodes: NodeAnswer[] }>('/v1/nodes');
  for (const { nodeId, committed, load } of nodes) {
    if (committed.egressBps > 0) leaks.push(`${nodeId} has ${committed.egressBps} bit/s reserved`);
    if (load.rooms > 0 || load.clients > 0)
      leaks.push(`${nodeId} has ${load.rooms} rooms and ${load.clients} peers`);
  }
  for (const key of await hosts.keys()) {
    if (KEYS_OF_ROOMS.some((pattern) => pattern.test(key))) leaks.push(`Redis has ${key}`);
  }
  for (const [nodeId, entities] of Object.entries(await hosts.entities())) {
    const wanted = before[nodeId] ?? 0;
    if (entities !== wanted) leaks.push(`the workers of ${nodeId} hold ${entities} things, not ${wanted}`);
  }
  return leaks;
}

/** Of the fleet's nodes and their workers. */
export async function findProcesses({ hosts }: ChaosFleet): Promise<number[]> {
  const nodes = hosts.hosts.flatMap(({ process: { child } }) => child.pid ?? []);
  const workers = Array.from(await hosts.dumps(), ([, dumps]) => dumps.map(({ pid }) => pid));
  return [...nodes, ...workers.flat()];
}

/** Those that have not ended. Waits for what may take its time. */
export async function findSurvivors(pids: readonly number[]): Promise<string[]> {
  let alive: number[] = [];
  await eventually(() => {
    alive = pids.filter(isAlive);
    return alive.length === 0;
  }).catch(() => undefined);
  return alive.map((pid) => `process ${pid} is still there`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
