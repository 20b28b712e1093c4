import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import type {
  HeartbeatReply,
  NodeHeartbeat,
  NodeRecord,
  RoomReport,
} from '../../../core/placement/placement-port';
import { NodeRegistrar, type NodeStatePort } from '../../../node-app/placement/node-registrar';
import { ManualClock } from '../../helpers/manual-clock';

const ZERO = { egressBps: 0, packetsPerSecond: 0 };
const REPLY: HeartbeatReply = { nowMs: 0, lostRooms: [], homes: [], needFull: false, pendingClaims: 0 };
const room = (peers: number): RoomReport => ({
  roomId: 'r',
  epoch: 1,
  peers,
  publishers: peers,
  subscribers: peers,
  expectedPeers: 2,
  reserved: ZERO,
});

function setUp() {
  const sent: NodeHeartbeat[] = [];
  const state = {
    rooms: [room(2)],
    answers: true,
    findNode: async (): Promise<NodeRecord | undefined> => undefined,
    continued: [] as NodeRecord[],
  };
  const node: NodeStatePort = {
    continueFrom: (earlier) => state.continued.push(earlier),
    readState: () => ({
      state: 'SERVING',
      ready: true,
      capacity: ZERO,
      committed: ZERO,
      measured: ZERO,
      load: { cpuLoad: 0, sysLoad: 0, rooms: 0, clients: 0, tracks: 0, bytesPerSecond: 0 },
    }),
    listRooms: () => state.rooms,
    takeEndedRooms: () => [],
    takeSeenClaims: () => [],
    dropRooms: () => undefined,
    followHomes: () => undefined,
    placementAnswered: () => false,
  };
  const registrar = new NodeRegistrar({
    placement: {
      heartbeat: async (heartbeat) => {
        sent.push(heartbeat);
        if (!state.answers) throw new Error('the answer is lost');
        return REPLY;
      },
      retire: async () => undefined,
      findNode: () => state.findNode(),
    },
    node,
    clock: new ManualClock(),
    logger: pino({ level: 'silent' }),
    nodeId: 'a',
    release: '',
    linkAddress: 'a:1',
  });
  const listed = async () => {
    await registrar.beat();
    return sent.at(-1)?.rooms.map(({ peers }) => peers);
  };
  return { state, sent, listed };
}

test('a room is listed when it has changed, and not again', async () => {
  const { state, listed } = setUp();
  expect(await listed()).toEqual([2]);
  expect(await listed()).toEqual([]);
  state.rooms = [room(1)];
  expect(await listed()).toEqual([1]);
  expect(await listed()).toEqual([]);
});

test('after a heartbeat without an answer it is listed again, also when it is as it was before', async () => {
  const { state, listed } = setUp();
  await listed();
  state.rooms = [room(1)];
  state.answers = false;
  expect(await listed()).toEqual([1]);
  // Placement may have taken that it has one peer, and the node only knows that it knew of two.
  state.rooms = [room(2)];
  state.answers = true;
  expect(await listed()).toEqual([2]);
});

test('what an earlier process left is read before the first heartbeat, as soon as Redis answers, and once', async () => {
  const { state, sent, listed } = setUp();
  const earlier = { nodeId: 'a' } as NodeRecord;
  state.findNode = async () => {
    throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE');
  };
  await listed();
  expect(sent).toEqual([]);
  state.findNode = async () => earlier;
  await listed();
  await listed();
  expect(state.continued).toEqual([earlier]);
  expect(sent).toHaveLength(2);
});

test('a record that can not be read does not keep the node out', async () => {
  const { state, sent, listed } = setUp();
  state.findNode = async () => {
    throw new TypeError('no record that this release knows');
  };
  await listed();
  expect(state.continued).toEqual([]);
  expect(sent).toHaveLength(1);
});
