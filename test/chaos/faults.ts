import { eventually } from '../helpers/eventually';
import type { NodeHost } from '../helpers/node-hosts';
import type { ChaosFleet } from './chaos-fleet';
import type { Crowd } from './crowd';

export interface FaultContext {
  fleet: ChaosFleet;
  crowd: Crowd;
  random: () => number;
}

/** Does harm, and resolves when it is over: what was cut is whole again. Gives what it was done to. */
export type Fault = (context: FaultContext) => Promise<string>;

const SECOND = 1_000;
const PATIENTLY = { intervalMs: SECOND };

export const FAULTS = {
  'node-killed': async (context) => {
    const host = anyHost(context);
    await context.fleet.kill(host);
    await pause(between(context, 1, 4));
    await context.fleet.restart(host);
    return host.nodeId;
  },
  'node-silent': async (context) => {
    const host = anyHost(context);
    const { hosts } = context.fleet;
    await hosts.cut(host);
    await pause(between(context, 2, 12));
    // It may have been killed meanwhile, with what was cut.
    await hosts.heal(host);
    return host.nodeId;
  },
  'worker-killed': async (context) => {
    const host = anyHost(context);
    // The one that was killed before may not have been replaced yet.
    const { pid } = await eventually(async () => (await context.fleet.hosts.dumps()).get(host.nodeId)?.[0]);
    process.kill(pid, 'SIGKILL');
    return host.nodeId;
  },
  'connections-cut': async ({ fleet }) => {
    fleet.cutClients();
    return 'all clients';
  },
  'redis-restarted': async ({ fleet }) => {
    await fleet.hosts.store.restart({ empty: false });
    return 'with its data';
  },
  'redis-emptied': async ({ fleet }) => {
    await fleet.hosts.store.restart({ empty: true });
    return 'without data';
  },
  'redis-stalled': async (context) => {
    const { store } = context.fleet.hosts;
    store.pause();
    await pause(between(context, 1, 8));
    store.resume();
    return 'it did not answer';
  },
  'redis-away': async (context) => {
    const { store } = context.fleet.hosts;
    await store.kill();
    await pause(between(context, 2, 10));
    await store.restart({ empty: true });
    return 'it was gone';
  },
  'redis-lost-by-one': async (context) => {
    const host = anyHost(context);
    const { hosts } = context.fleet;
    hosts.stallRedis(host, true);
    // Longer than placement waits for a home of which it hears nothing.
    await pause(between(context, 2, 25));
    hosts.stallRedis(host, false);
    return host.nodeId;
  },
  'redis-failover': async (context) => {
    const { store } = context.fleet.hosts;
    // The replica that takes over has not heard of the last writes.
    await store.save();
    await pause(between(context, 1, 3));
    await store.kill();
    await pause(SECOND);
    await store.restart({ empty: false });
    return 'the last writes are lost';
  },
  'redis-readonly': async (context) => {
    const client = context.fleet.hosts.store.client();
    try {
      // Of a primary that isn't there: what it has it keeps, and it takes no writes.
      await client.replicaof('127.0.0.1', '1');
      await pause(between(context, 1, 6));
      await client.replicaof('NO', 'ONE');
    } finally {
      client.disconnect();
    }
    return 'it took no writes';
  },
  'node-drained': async (context) => {
    const { nodeId } = anyHost(context);
    const { hosts } = context.fleet;
    const body = { deadlineMinutes: 1, reason: 'chaos' };
    // Refused while Redis is away or the node is gone: as an operator does, until it is taken.
    await eventually(() => hosts.operator(`/v1/nodes/${nodeId}/drain`, body), PATIENTLY);
    // In the first half of its window it waits for rooms to end.
    await pause(between(context, 30, 45));
    await eventually(() => hosts.operator(`/v1/nodes/${nodeId}/uncordon`, {}), PATIENTLY);
    return nodeId;
  },
  'room-moved': async (context) => {
    const roomId = pick(context, context.crowd.roomIds);
    // Nobody can be moved when the others have no headroom, which is an answer, too.
    await context.fleet.hosts.operator(`/v1/rooms/${roomId}/migrate`, {}).catch(() => undefined);
    await pause(between(context, 1, 6));
    return roomId;
  },
  'people-change': async ({ crowd }) => {
    await crowd.exchange();
    return 'one left, one came';
  },
} satisfies Record<string, Fault>;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** Whom what is done to nodes is done to: one at a time. */
function anyHost(context: FaultContext): NodeHost {
  const { hosts } = context.fleet;
  const whole = hosts.hosts.filter((host) => !hosts.isCut(host));
  return pick(context, whole);
}

export function pick<T>({ random }: Pick<FaultContext, 'random'>, list: readonly T[]): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new RangeError('there is nothing to pick from');
  return found;
}

/** Milliseconds between so many seconds. */
function between({ random }: FaultContext, least: number, most: number): number {
  return (least + random() * (most - least)) * SECOND;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
