import fc from 'fast-check';
import { NO_CASCADE, NO_PEERS, partDemand, roomDemand, withPeer } from '../../../core/capacity/egress-model';
import { maxVector, ZERO_VECTOR } from '../../../core/capacity/headroom';
import { addedDemand } from '../../../core/placement/admission';
import { DEFAULT_EGRESS_MODEL } from '../../../core/capacity/egress-model';
import { RoomReservation } from '../../../core/placement/room-reservation';

const BOTH = { publishes: true, subscribes: true };
const meeting = (people: number) => withPeer(NO_PEERS, BOTH, people);
const demand = (people: number) => roomDemand(meeting(people));

function roomOf(people: number, expectedPeers: number): RoomReservation {
  const room = new RoomReservation();
  room.addClaim({ reserved: demand(expectedPeers), expectedPeers }, ZERO_VECTOR, 0);
  room.setCounts(meeting(people));
  return room;
}

test('a reservation counts in full for 30 s, then halves each minute', () => {
  const room = roomOf(5, 5);
  expect(room.committed(ZERO_VECTOR, 30_000)).toEqual(demand(5));
  expect(room.committed(ZERO_VECTOR, 90_000).egressBps).toBeCloseTo(demand(5).egressBps / 2);
  expect(room.committed(ZERO_VECTOR, 150_000).egressBps).toBeCloseTo(demand(5).egressBps / 4);
});

test('measurement counts where it is more', () => {
  const room = roomOf(5, 5);
  const measured = { egressBps: 1, packetsPerSecond: 1e6 };
  expect(room.committed(measured, 0)).toEqual({ egressBps: demand(5).egressBps, packetsPerSecond: 1e6 });
});

test('a claim within the expected size adds nothing', () => {
  const room = roomOf(1, 5);
  room.addClaim({ reserved: ZERO_VECTOR, expectedPeers: 5 }, ZERO_VECTOR, 10_000);
  expect(room.committed(ZERO_VECTOR, 10_000)).toEqual(demand(5));
  expect(room.reserved).toEqual(demand(5));
});

test('a claim on a room that lives comes on top of what is measured there', () => {
  const room = roomOf(5, 5);
  const [measured, added] = [
    { egressBps: 20e6, packetsPerSecond: 4_000 },
    { egressBps: 2e6, packetsPerSecond: 300 },
  ];
  room.addClaim({ reserved: added, expectedPeers: 6 }, measured, 600_000);
  const committed = room.committed(measured, 600_000);
  expect(committed.egressBps).toBeCloseTo(22e6);
  expect(committed.packetsPerSecond).toBeCloseTo(4_300);
});

test('who leaves takes their share along, and is not expected back', () => {
  const room = roomOf(5, 5);
  room.setCounts(meeting(2));
  expect(room.expectedPeers).toBe(2);
  expect(room.reserved).toEqual({
    egressBps: Math.min(demand(2).egressBps, demand(5).egressBps),
    packetsPerSecond: Math.min(demand(2).packetsPerSecond, demand(5).packetsPerSecond),
  });
  expect(room.committed(ZERO_VECTOR, 0).egressBps).toBeCloseTo(room.reserved.egressBps);
  room.setCounts(NO_PEERS);
  expect(room.reserved).toEqual(ZERO_VECTOR);
  expect(room.committed(ZERO_VECTOR, 0)).toEqual(ZERO_VECTOR);
});

test('the expected size falls back to the actual one once the reservation has faded', () => {
  const room = roomOf(2, 10);
  room.committed(ZERO_VECTOR, 200_000);
  expect(room.expectedPeers).toBe(10);
  room.committed(ZERO_VECTOR, 211_000);
  expect(room.expectedPeers).toBe(2);
  expect(room.reserved).toEqual(demand(2));
});

test('after any history, no peers left means nothing reserved', () => {
  const step = fc.oneof(
    fc.record({ join: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ leave: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ waitMs: fc.integer({ min: 0, max: 400_000 }) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      (steps, expectedPeers) => {
        const room = new RoomReservation();
        let [people, now] = [0, 0];
        for (const one of steps) {
          if ('waitMs' in one) now += one.waitMs;
          else if ('leave' in one) people = Math.max(0, people - one.leave);
          else {
            for (let i = 0; i < one.join; i += 1) {
              people += 1;
              const reserved = addedDemand(meeting(people), room.reserved, DEFAULT_EGRESS_MODEL);
              room.addClaim({ reserved, expectedPeers: Math.max(expectedPeers, people) }, ZERO_VECTOR, now);
              room.setCounts(meeting(people));
              // What placement compares the next join with covers who is there.
              expect(room.reserved.egressBps).toBeGreaterThanOrEqual(demand(people).egressBps);
            }
          }
          room.setCounts(meeting(people));
          const committed = room.committed(ZERO_VECTOR, now);
          expect(committed.egressBps).toBeGreaterThanOrEqual(0);
          expect(room.expectedPeers).toBeGreaterThanOrEqual(people);
        }
        room.setCounts(NO_PEERS);
        expect(room.committed(ZERO_VECTOR, now)).toEqual(ZERO_VECTOR);
        expect(room.reserved).toEqual(ZERO_VECTOR);
      },
    ),
  );
});

describe('a room on several nodes', () => {
  const rest = (remotePublishers: number, otherNodes: number) => ({ remotePublishers, otherNodes });

  test('is committed to what the others make it send, though nobody came here for it', () => {
    const room = roomOf(3, 3);
    room.setCascade(rest(2, 1), ZERO_VECTOR, 10_000);
    const needed = partDemand(meeting(3), rest(2, 1));
    expect(room.reserved).toEqual(maxVector(demand(3), needed));
    expect(room.committed(ZERO_VECTOR, 10_000)).toEqual(room.reserved);
    // What was measured before comes on top of nothing, and what is announced fades as ever.
    expect(room.committed(ZERO_VECTOR, 200_000).egressBps).toBeLessThan(needed.egressBps);
  });

  test('announces only what its reservation does not cover yet', () => {
    const room = roomOf(2, 12);
    room.setCascade(rest(2, 1), ZERO_VECTOR, 0);
    expect(room.reserved).toEqual(demand(12));
  });

  test('gives back what the others no longer need', () => {
    const room = roomOf(3, 3);
    room.setCascade(rest(6, 2), ZERO_VECTOR, 0);
    room.setCascade(rest(6, 1), ZERO_VECTOR, 0);
    expect(room.reserved).toEqual(partDemand(meeting(3), rest(6, 1)));
    room.setCascade(NO_CASCADE, ZERO_VECTOR, 0);
    expect(room.reserved).toEqual(demand(3));
    expect(room.committed(ZERO_VECTOR, 0).egressBps).toBeCloseTo(demand(3).egressBps);
  });

  test('holds nothing once its own peers have left, whatever is elsewhere', () => {
    const room = roomOf(3, 3);
    room.setCascade(rest(6, 2), ZERO_VECTOR, 0);
    room.setCounts(NO_PEERS);
    expect(room.reserved).toEqual(ZERO_VECTOR);
    expect(room.committed(ZERO_VECTOR, 0)).toEqual(ZERO_VECTOR);
    room.setCascade(rest(9, 3), ZERO_VECTOR, 0);
    expect(room.reserved).toEqual(ZERO_VECTOR);
  });
});
