import type { Redis } from 'ioredis';
import { pino, type Logger } from 'pino';
import { systemClock } from '../../node-app/system-clock';
import { NodeRegistrar } from '../../node-app/placement/node-registrar';
import { PlacementStore } from '../../node-app/placement/placement-store';
import { connectRedis } from '../../node-app/placement/redis-connection';
import { eventually } from '../helpers/eventually';
import { ListNode } from '../helpers/list-node';
import { RedisServer } from '../helpers/redis-server';
import { TcpProxy } from '../helpers/tcp-proxy';
import { BOTH } from '../helpers/test-fleet';

const LEASE_MS = 600;
const BEAT_MS = 100;

let server: RedisServer;
let redis: Redis;
let store: PlacementStore;
let logLines: { level: number; msg: string }[];
let logger: Logger;
let nodes: Map<string, ListNode>;
let registrars: NodeRegistrar[];

beforeEach(async () => {
  server = await RedisServer.start();
  logLines = [];
  logger = pino(
    {},
    { write: (line: string) => void logLines.push(JSON.parse(line) as (typeof logLines)[number]) },
  );
  redis = connectRedis({ url: server.url, logger, commandTimeoutMs: 300, maxReconnectDelayMs: 100 });
  store = new PlacementStore({
    redis,
    keyPrefix: server.randomPrefix(),
    random: Math.random,
    timing: { leaseTtlMs: LEASE_MS, heartbeatIntervalMs: BEAT_MS },
  });
  nodes = new Map();
  registrars = [];
});

afterEach(async () => {
  server.resume();
  await Promise.all(registrars.map((registrar) => registrar.close()));
  redis.disconnect();
  await server.stop();
});

function startNode(nodeId: string): ListNode {
  const node = new ListNode();
  const registrar = new NodeRegistrar({
    placement: store,
    node,
    clock: systemClock,
    logger,
    nodeId,
    release: '0.1.0',
    linkAddress: `${nodeId}:1`,
    intervalMs: BEAT_MS,
    leaseTtlMs: LEASE_MS,
  });
  nodes.set(nodeId, node);
  registrars.push(registrar);
  registrar.start();
  return node;
}

/** Joins when placement takes it, and makes the room live on its node. */
async function openRoom(roomId: string): Promise<{ nodeId: string; epoch: number }> {
  const placement = await eventually(() => store.placePeer({ roomId, role: BOTH }));
  const node = nodes.get(placement.nodeId);
  node?.rooms.set(roomId, {
    roomId,
    epoch: placement.epoch,
    peers: 1,
    publishers: 1,
    subscribers: 1,
    expectedPeers: placement.claim.expectedPeers,
    reserved: placement.claim.reserved,
  });
  node?.seen.push(placement.claim.seq);
  return placement;
}

const messages = (text: string) => logLines.filter((line) => line.msg === text).length;

test('an empty Redis after an outage: unavailable for one lease, then every room on its old node', async () => {
  startNode('a');
  startNode('b');
  const rooms = [await openRoom('r1'), await openRoom('r2'), await openRoom('r3')];
  logLines.length = 0;
  await server.kill();
  const failure = await store.placePeer({ roomId: 'r1', role: BOTH }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE', retryAfterMs: BEAT_MS });
  await eventually(() => messages('placement takes no heartbeat') >= 2);
  await server.restart({ empty: true });
  await eventually(async () => (await store.listRooms()).rooms.length === 3);
  await expect(store.placePeer({ roomId: 'unknown', role: BOTH })).rejects.toMatchObject({
    code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE',
  });
  for (const [i, room] of rooms.entries()) {
    const again = await store.placePeer({ roomId: `r${i + 1}`, role: BOTH });
    expect(again).toMatchObject({ nodeId: room.nodeId, epoch: room.epoch, created: false });
  }
  await eventually(() => store.placePeer({ roomId: 'unknown', role: BOTH }));
  expect([...nodes.values()].flatMap((node) => node.dropped)).toEqual([]);
  // Once per node and change of state, however many heartbeats failed between.
  expect(messages('placement takes no heartbeat')).toBe(2);
  expect(messages('placement takes heartbeats again')).toBe(2);
  expect(messages('Redis connection lost')).toBe(1);
});

test('FLUSHALL under load: no room gets a second node', async () => {
  startNode('a');
  startNode('b');
  const rooms = new Map<string, Awaited<ReturnType<typeof openRoom>>>();
  for (let i = 0; i < 20; i += 1) rooms.set(`r${i}`, await openRoom(`r${i}`));
  await redis.flushall();
  for (const [roomId, room] of rooms) {
    const again = await eventually(() => store.placePeer({ roomId, role: BOTH }), { intervalMs: 5 });
    expect(again).toMatchObject({ nodeId: room.nodeId, epoch: room.epoch });
  }
  expect([...nodes.values()].flatMap((node) => node.dropped)).toEqual([]);
});

test('a Redis that stalls: every call ends before it answers again, and joins work again after it', async () => {
  startNode('a');
  await openRoom('r');
  server.pause();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, () => store.placePeer({ roomId: 'r', role: BOTH })),
  );
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE' },
    });
  }
  server.resume();
  await eventually(() => store.placePeer({ roomId: 'r', role: BOTH }));
});

test('a Redis that answers later than anybody waits: joins are refused in time, and nothing stays reserved', async () => {
  const slow = await RedisServer.start({ tcp: true });
  const proxy = await TcpProxy.to(`redis://127.0.0.1:${slow.port}`);
  const url = `redis://127.0.0.1:${proxy.port}`;
  redis.disconnect();
  redis = connectRedis({ url, logger, commandTimeoutMs: 300, maxReconnectDelayMs: 100 });
  store = new PlacementStore({
    redis,
    keyPrefix: slow.randomPrefix(),
    random: Math.random,
    timing: { leaseTtlMs: LEASE_MS, heartbeatIntervalMs: BEAT_MS },
  });
  try {
    startNode('a');
    const room = await openRoom('r');
    await eventually(async () => (await store.findRoom('r'))?.peers === 1);
    logLines.length = 0;
    proxy.slow(400);
    const startedMs = performance.now();
    const joins = Array.from({ length: 10 }, () => store.placePeer({ roomId: 'r', role: BOTH }));
    for (const outcome of await Promise.allSettled(joins)) {
      expect(outcome).toMatchObject({ reason: { code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE' } });
    }
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    await eventually(() => messages('placement takes no heartbeat') === 1);
    proxy.slow(0);
    await eventually(() => messages('placement takes heartbeats again') === 1);
    expect(await store.placePeer({ roomId: 'r', role: BOTH })).toMatchObject({
      nodeId: room.nodeId,
      epoch: room.epoch,
      created: false,
    });
    nodes.get('a')?.endRoom('r');
    // The joins that were refused had been placed: their claims are void when nobody has come for 10 s.
    await eventually(async () => (await store.listRooms()).rooms.length === 0);
  } finally {
    await Promise.all(registrars.splice(0).map((registrar) => registrar.close()));
    await proxy.close();
    await slow.stop();
  }
});

test('a Redis that became a replica is left and found again, and says PLACEMENT_UNAVAILABLE meanwhile', async () => {
  startNode('a');
  const room = await openRoom('r');
  const admin = server.client();
  try {
    await admin.replicaof('127.0.0.1', 1);
    const failure = await store.placePeer({ roomId: 'r', role: BOTH }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE' });
    await admin.replicaof('NO', 'ONE');
    expect(await eventually(() => store.placePeer({ roomId: 'r', role: BOTH }))).toMatchObject({
      nodeId: room.nodeId,
      created: false,
    });
  } finally {
    admin.disconnect();
  }
});

test('a restart that kept its data moves no room, however long it was away', async () => {
  startNode('a');
  startNode('b');
  const rooms = [await openRoom('r1'), await openRoom('r2')];
  await eventually(async () => (await store.listRooms()).rooms.every((room) => room.peers === 1));
  await server.restart({ empty: false });
  for (const [i, room] of rooms.entries()) {
    expect(await eventually(() => store.placePeer({ roomId: `r${i + 1}`, role: BOTH }))).toMatchObject({
      nodeId: room.nodeId,
      epoch: room.epoch,
    });
  }
});

test('a node that closes is gone from placement at once, and closing twice is one', async () => {
  startNode('a');
  await openRoom('r');
  await Promise.all([registrars[0]?.close(), registrars[0]?.close()]);
  expect(await store.listNodes()).toEqual([]);
  expect(await store.findRoom('r')).toBeUndefined();
});

test('closing while Redis is away ends, with a warning', async () => {
  startNode('a');
  await eventually(async () => (await store.listNodes()).length === 1);
  await server.kill();
  await registrars[0]?.close();
  expect(messages('node could not be retired: its lease ends by itself')).toBe(1);
});

test('a wrong URL is refused without repeating its password', () => {
  expect(() => connectRedis({ url: 'http://user:secret@host', logger })).toThrow(/redis:\/\//);
  expect(() => connectRedis({ url: 'http://user:secret@host', logger })).not.toThrow(/secret/);
});
