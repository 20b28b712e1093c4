import { randomUUID } from 'node:crypto';
import { FleetError } from '../../core/errors';
import type { PeerRole } from '../../core/capacity/egress-model';
import type { RoomEvent } from '../../core/room-events';
import type { MediaNode } from '../../node-app/media/media-node';
import { LocalSessionHost, type LocalSessionUplink } from '../../node-app/session/local-session-host';
import { DEFAULT_SESSION_LIMITS } from '../../node-app/session/session-limits';
import { eventually } from '../helpers/eventually';
import { startMediaNode, testLogger } from '../helpers/media-node';
import { systemClock } from '../../node-app/system-clock';
import { ALL_GRANTS } from '../helpers/test-peer';

let node: MediaNode;
let events: RoomEvent[];
let sessions: LocalSessionHost;

beforeEach(async () => {
  ({ node, events } = await startMediaNode());
  sessions = new LocalSessionHost({
    nodeId: 'node',
    media: node,
    limits: { ...DEFAULT_SESSION_LIMITS, graceMs: 50 },
    clock: systemClock,
    logger: testLogger,
  });
});

afterEach(() => {
  sessions.close();
  node.close();
});

const EVERYTHING: PeerRole = { publishes: true, subscribes: true };

/** A session whose client has joined the room. */
async function join(
  peerId: string,
  { resumable = true, role = EVERYTHING } = {},
): Promise<LocalSessionUplink> {
  const answered = new Set<number>();
  const uplink = await sessions.open(
    {
      roomId: 'room',
      peerId,
      epoch: 1,
      claim: { seq: 1, reserved: { egressBps: 0, packetsPerSecond: 0 }, expectedPeers: 2 },
      grants: ALL_GRANTS,
      role,
      remoteAddress: '192.0.2.1',
      resumable,
      gatewayNodeId: 'node',
    },
    {
      deliver: (_seq, message) => {
        if ('response' in message) answered.add(message.id);
      },
      closed: () => undefined,
    },
  );
  uplink.send({ request: true, id: 1, method: 'join', data: { displayName: peerId, device: {} } });
  await eventually(() => answered.has(1));
  return uplink;
}

const reasonOf = (peerId: string) =>
  events.find((event) => event.type === 'peerLeft' && event.peerId === peerId);

test('who leaves, who is lost and who is replaced are told apart', async () => {
  const leaver = await join('leaver');
  const late = await join('late');
  const plain = await join('plain', { resumable: false });
  await join('twice');
  await join('stays');

  leaver.leave();
  expect(reasonOf('leaver')).toMatchObject({ reason: 'left' });
  plain.detach();
  expect(reasonOf('plain')).toMatchObject({ reason: 'connectionLost' });
  late.detach();
  expect(reasonOf('late')).toBeUndefined();
  await eventually(() => reasonOf('late') !== undefined);
  expect(reasonOf('late')).toMatchObject({ reason: 'connectionLost' });
  await join('twice');
  expect(reasonOf('twice')).toMatchObject({ reason: 'replaced' });
  node.closePeer('room', 'twice', new FleetError('FLEET_ERR_PEER_REMOVED'));
  expect(events.filter((event) => event.type === 'peerLeft').at(-1)).toMatchObject({ reason: 'removed' });
  sessions.close();
  expect(reasonOf('stays')).toMatchObject({ reason: 'nodeStopped' });
});

test('a peer counts for what its claim was made for, not for what its token would allow', async () => {
  await join(randomUUID());
  await join(randomUUID(), { role: { publishes: false, subscribes: true } });
  expect(node.accounts.map((account) => account.report())).toEqual([
    expect.objectContaining({ peers: 2, publishers: 1, subscribers: 2 }),
  ]);
});
