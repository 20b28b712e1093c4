import { NO_PEERS, partDemand, roomDemand, withPeer } from '../../../core/capacity/egress-model';
import { ZERO_VECTOR } from '../../../core/capacity/headroom';
import { RoomAccount } from '../../../node-app/media/room-account';
import { ManualClock } from '../../helpers/manual-clock';

const GRANTS = { canPublish: true, canSubscribe: true, canPublishData: true };
const meeting = (people: number) => withPeer(NO_PEERS, { publishes: true, subscribes: true }, people);

/** An account whose peers are on their way in. */
function accountOf(people: number): RoomAccount {
  const account = new RoomAccount({ roomId: 'r', clock: new ManualClock(), measured: () => ZERO_VECTOR });
  for (let i = 1; i <= people; i += 1) {
    const reserved = i === people ? roomDemand(meeting(people)) : ZERO_VECTOR;
    const claim = { seq: i, reserved, expectedPeers: people };
    account.beginEntry({ peerId: `p${i}`, claim, epoch: 5, grants: GRANTS });
  }
  return account;
}

test('the rest of the room counts against the node, its workers and its placement, but is reported by its own nodes', () => {
  const account = accountOf(3);
  const alone = account.packetsPerSubscriber();
  const cascade = { remotePublishers: 4, otherNodes: 2 };
  account.setCascade(cascade);
  const needed = partDemand(meeting(3), cascade);
  expect(account.committed()).toEqual(needed);
  expect(account.report()).toMatchObject({ peers: 3, publishers: 3, subscribers: 3, reserved: needed });
  // Six others instead of two.
  expect(account.packetsPerSubscriber()).toBeGreaterThan(alone);
  expect(account.packetsPerSubscriber()).toBeCloseTo(roomDemand(meeting(7)).packetsPerSecond / 7, 0);
  account.setCascade({ remotePublishers: 0, otherNodes: 0 });
  expect(account.report().reserved).toEqual(roomDemand(meeting(3)));
  expect(account.packetsPerSubscriber()).toBe(alone);
});

test('a room has its home here until another one is named, and its epoch never goes back', () => {
  const account = accountOf(1);
  expect(account.report()).toMatchObject({ homeNodeId: '', epoch: 5 });
  account.setHome({ homeNodeId: 'b', epoch: 7 });
  expect(account.report()).toMatchObject({ homeNodeId: 'b', epoch: 7 });
  account.setHome({ homeNodeId: 'a', epoch: 6 });
  expect(account.report()).toMatchObject({ homeNodeId: 'b', epoch: 7 });
  const claim = { seq: 9, reserved: ZERO_VECTOR, expectedPeers: 2 };
  const join = (epoch: number, nodes?: string[]) =>
    account.beginEntry({ peerId: `at-${epoch}`, claim, epoch, nodes, grants: GRANTS });
  join(6, ['a', 'b']);
  join(8);
  expect(account.report()).toMatchObject({ homeNodeId: 'b', epoch: 8 });
  join(9, ['c', 'b']);
  expect(account.report()).toMatchObject({ homeNodeId: 'c', epoch: 9 });
});
