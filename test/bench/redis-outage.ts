import { pino } from 'pino';
import { systemClock } from '../../node-app/system-clock';
import { NodeRegistrar } from '../../node-app/placement/node-registrar';
import { PlacementStore } from '../../node-app/placement/placement-store';
import { connectRedis } from '../../node-app/placement/redis-connection';
import { connectionRefusedSchema, EXTENSION_METHODS } from '../../core/protocol/fleet-extensions';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { ListNode } from '../helpers/list-node';
import { ProtooSocket } from '../helpers/protoo-socket';
import { RedisServer } from '../helpers/redis-server';
import { runRounds, type Benchmark, type Sample } from './harness';

const NODES = 4;
const ROOMS_PER_NODE = 250;
const JOINS = 10;
const NO_DEMAND = { egressBps: 0, packetsPerSecond: 0 };

export const bench: Benchmark = {
  name: 'redis-outage',
  description:
    'Redis is away: which joins work; Redis comes back empty: how soon it knows a thousand rooms again',
  defaultRounds: 5,
  run: (options) => runRounds(options, async () => [...(await joinsWhileAway()), await reassertion()]),
};

/** Into a room that the gateway knows, and into one that nobody knows. */
async function joinsWhileAway(): Promise<Sample[]> {
  const fleet = await TestNodes.start();
  const join = async (roomId: string, peerId: string): Promise<string> => {
    const client = await ProtooSocket.connect({ url: fleet.url(0), roomId, peerId, query: { resume: '1' } });
    const { sessionOpened, connectionRefused } = EXTENSION_METHODS;
    return Promise.race([
      client.notification(sessionOpened).then(() => 'accepted'),
      client.notification(connectionRefused).then(({ data }) => connectionRefusedSchema.parse(data).code),
    ]);
  };
  try {
    await join('known', 'first');
    await fleet.redis.kill();
    const known = await Promise.all(Array.from({ length: JOINS }, (_, i) => join('known', `p${i}`)));
    const others = await Promise.all(Array.from({ length: JOINS }, (_, i) => join(`other${i}`, 'p')));
    const count = (answers: string[], wanted: string) => answers.filter((answer) => answer === wanted).length;
    return [
      {
        name: 'known_room_accepted',
        unit: `of ${JOINS}`,
        value: count(known, 'accepted'),
        bound: `= ${JOINS}`,
      },
      {
        name: 'other_room_unavailable',
        unit: `of ${JOINS}`,
        value: count(others, 'FLEET_ERR_PLACEMENT_UNAVAILABLE'),
        bound: `= ${JOINS}`,
      },
    ];
  } finally {
    await fleet.close();
  }
}

/** From the moment in which an empty Redis answers until all rooms are in it. */
async function reassertion(): Promise<Sample> {
  const server = await RedisServer.start();
  const logger = pino({ level: 'silent' });
  const redis = connectRedis({ url: server.url, logger });
  const store = new PlacementStore({ redis, keyPrefix: server.randomPrefix(), random: Math.random });
  const registrars = Array.from({ length: NODES }, (_, node) => registrarOf(`node-${node}`, store));
  try {
    for (const registrar of registrars) registrar.start();
    await eventually(async () => (await countRooms(store)) === NODES * ROOMS_PER_NODE);
    await server.restart({ empty: true });
    const backAtMs = performance.now();
    await eventually(async () => (await countRooms(store)) === NODES * ROOMS_PER_NODE, { intervalMs: 10 });
    return {
      name: 'reassert_1000_rooms_ms',
      unit: 'ms',
      value: performance.now() - backAtMs,
      bound: '<= 1500',
    };
  } finally {
    await Promise.all(registrars.map((registrar) => registrar.close()));
    redis.disconnect();
    await server.stop();
  }
}

function registrarOf(nodeId: string, placement: PlacementStore): NodeRegistrar {
  const node = new ListNode();
  for (let room = 0; room < ROOMS_PER_NODE; room += 1) {
    const roomId = `${nodeId}-room-${room}`;
    node.rooms.set(roomId, {
      roomId,
      epoch: Date.now() * 1_000,
      peers: 1,
      publishers: 1,
      subscribers: 1,
      expectedPeers: 1,
      reserved: NO_DEMAND,
    });
  }
  const names = { nodeId, release: '0.1.0', linkAddress: `${nodeId}:1` };
  return new NodeRegistrar({
    placement,
    node,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    ...names,
  });
}

async function countRooms(store: PlacementStore): Promise<number> {
  const { rooms } = await store.listRooms({ limit: 10_000 }).catch(() => ({ rooms: [] }));
  return rooms.length;
}
