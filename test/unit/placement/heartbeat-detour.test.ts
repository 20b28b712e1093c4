import { pino } from 'pino';
import type { HeartbeatReply, NodeHeartbeat, NodeRecord } from '../../../core/placement/placement-port';
import { HeartbeatDetour } from '../../../node-app/placement/heartbeat-detour';
import type { Link } from '../../../node-app/link/link';
import { ManualClock, settle } from '../../helpers/manual-clock';

const HEARTBEAT = { nodeId: 'a' } as NodeHeartbeat;
const REPLY: HeartbeatReply = { nowMs: 1, lostRooms: [], homes: [], needFull: false };

/** Node a, and the ways of its heartbeats: `redis`, or the id of who passed one on. */
class Ways {
  readonly clock = new ManualClock();
  readonly tried: string[] = [];
  readonly logged: string[] = [];
  /** Which of them lead to Redis. */
  readonly open = new Set(['redis', 'b', 'c']);
  readonly linked = new Set<string>();
  others = ['b', 'c'];
  isConnected = true;
  lists = 0;
  readonly detour = new HeartbeatDetour({
    nodeId: 'a',
    placement: {
      heartbeat: () => this.#go('redis', REPLY),
      retire: () => this.#go('redis', undefined),
      findNode: () => this.#go('redis', undefined, false),
      listNodes: () => {
        this.lists += 1;
        const nodes = ['a', ...this.others].map((nodeId) => ({
          nodeId,
          linkAddress: `${nodeId}:1`,
          alive: nodeId !== 'dead',
        }));
        return this.#go('redis', nodes as NodeRecord[], false);
      },
    },
    isConnected: () => this.isConnected,
    hub: {
      connect: async (nodeId) => {
        this.linked.add(nodeId);
        return {} as Link;
      },
    },
    commands: { command: (nodeId: string) => this.#go(nodeId, REPLY as never) },
    clock: this.clock,
    random: () => 0.5,
    logger: pino(
      { level: 'info' },
      { write: (line: string) => this.logged.push((JSON.parse(line) as { msg: string }).msg) },
    ),
  });

  async beat(): Promise<'taken' | 'failed'> {
    const outcome = await this.detour.heartbeat(HEARTBEAT).then(
      () => 'taken' as const,
      () => 'failed' as const,
    );
    await settle();
    await this.clock.advance(1_000);
    return outcome;
  }

  async #go<T>(way: string, answer: T, isHeartbeat = true): Promise<T> {
    if (isHeartbeat) this.tried.push(way);
    if (!this.open.has(way)) throw new Error(`${way} does not lead to Redis`);
    return answer;
  }
}

let ways: Ways;

beforeEach(() => {
  ways = new Ways();
});

test('goes straight as long as that works, and looks for others once in a while', async () => {
  for (let beat = 0; beat < 59; beat += 1) expect(await ways.beat()).toBe('taken');
  expect(new Set(ways.tried)).toEqual(new Set(['redis']));
  expect(ways.lists).toBe(1);
  for (let beat = 0; beat < 3; beat += 1) await ways.beat();
  expect(ways.lists).toBe(2);
});

test('looks for others with each heartbeat while there are none', async () => {
  ways.others = ['dead'];
  for (let beat = 0; beat < 3; beat += 1) await ways.beat();
  expect(ways.lists).toBe(3);
  ways.open.delete('redis');
  expect([await ways.beat(), await ways.beat()]).toEqual(['failed', 'failed']);
  expect(new Set(ways.tried)).toEqual(new Set(['redis']));
});

test('goes by another node after one that Redis did not answer, and straight again as soon as it does', async () => {
  await ways.beat();
  ways.open.delete('redis');
  expect([await ways.beat(), await ways.beat(), await ways.beat()]).toEqual(['failed', 'taken', 'taken']);
  const [by] = ways.linked;
  expect(ways.tried.splice(0)).toEqual(['redis', 'redis', by, by]);
  ways.open.add('redis');
  // While this one was on its way round, Redis was asked on the side.
  expect([await ways.beat(), await ways.beat()]).toEqual(['taken', 'taken']);
  expect(ways.tried).toEqual([by, 'redis']);
  expect(ways.logged).toEqual([
    'Redis is not reached: another node passes heartbeats on',
    'heartbeats reach Redis by themselves again',
  ]);
});

test('does not wait for Redis without a connection to it', async () => {
  await ways.beat();
  ways.isConnected = false;
  expect(await ways.beat()).toBe('taken');
  expect(ways.tried.at(-1)).not.toBe('redis');
});

test('asks one after the other until somebody reaches Redis, and stays with that one', async () => {
  ways.others = ['b', 'c', 'd'];
  await ways.beat();
  for (const way of ['redis', 'b', 'c']) ways.open.delete(way);
  ways.open.add('d');
  ways.isConnected = false;
  while ((await ways.beat()) === 'failed') expect(ways.tried.length).toBeLessThan(8);
  await ways.beat();
  expect(ways.tried.slice(-2)).toEqual(['d', 'd']);
});
