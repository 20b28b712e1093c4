import type { DrainReason } from '../../../core/drain/drain-command';
import {
  planDrain,
  type DrainingPeer,
  type DrainingRoom,
  type DrainPlan,
  type DrainSituation,
} from '../../../core/drain/plan-drain';

const MINUTE = 60_000;
const half = () => 0.5;

const peer = (peerId: string, overrides: Partial<DrainingPeer> = {}): DrainingPeer => ({
  peerId,
  isAway: false,
  moves: 0,
  ...overrides,
});

function room(roomId: string, size: number, overrides: Partial<DrainingRoom> = {}): DrainingRoom {
  const peers = Array.from({ length: size }, (_, index) => peer(`${roomId}-${index}`));
  return { roomId, peers, broadcasterIds: [], isBegun: false, ...overrides };
}

function situation(
  reason: DrainReason,
  minutes: number,
  nowMs: number,
  rooms: DrainingRoom[],
): DrainSituation {
  const command = { reason, issuedAtMs: 0, deadlineAtMs: minutes * MINUTE };
  return { command, nowMs, rooms, joinsPerSecond: 20, refusedAtMs: undefined };
}

interface Moved {
  atMs: number;
  roomId: string;
  peerId: string;
}

/** A drain from its beginning until the node is empty or the deadline has passed; whoever is moved is gone. */
function play(reason: DrainReason, minutes: number, rooms: DrainingRoom[]) {
  const moved: Moved[] = [];
  const plans: (DrainPlan & { nowMs: number })[] = [];
  let nowMs = 0;
  while (rooms.length > 0 && nowMs <= minutes * MINUTE) {
    const plan = planDrain(situation(reason, minutes, nowMs, rooms), half);
    plans.push({ ...plan, nowMs });
    for (const { roomId, peerId, afterMs } of plan.move)
      moved.push({ roomId, peerId, atMs: nowMs + afterMs });
    const gone = new Set([...plan.move, ...plan.evict].map(({ peerId }) => peerId));
    rooms = rooms
      .map((one) => ({
        ...one,
        isBegun: one.isBegun || one.peers.some(({ peerId }) => gone.has(peerId)),
        peers: one.peers.filter(({ peerId }) => !gone.has(peerId)),
        broadcasterIds: one.broadcasterIds.filter((id) => !gone.has(id)),
      }))
      .filter(({ peers, broadcasterIds }) => peers.length + broadcasterIds.length > 0);
    expect(plan.nextLookMs).toBeGreaterThan(0);
    nowMs += plan.nextLookMs;
  }
  return { moved, plans, left: rooms, endMs: nowMs };
}

const mostWithin = (moved: Moved[], windowMs: number) =>
  Math.max(
    ...moved.map(
      ({ atMs }) => moved.filter((other) => other.atMs >= atMs && other.atMs < atMs + windowMs).length,
    ),
  );

describe('the natural end', () => {
  test.each<[DrainReason, number]>([
    ['scale-in', 30],
    ['image-roll', 240],
    ['operator', 10],
    ['rebalance', 30],
  ])('%s with %i minutes waits for half of them, moves nobody and evicts nobody', (reason, minutes) => {
    const rooms = [room('a', 3, { peers: [peer('gone', { isAway: true })], broadcasterIds: ['b'] })];
    const before = planDrain(situation(reason, minutes, (minutes / 2) * MINUTE - 1, rooms), half);
    expect(before).toMatchObject({ phase: 'waiting', move: [], evict: [], nextLookMs: 1 });
    const after = planDrain(situation(reason, minutes, (minutes / 2) * MINUTE, rooms), half);
    expect(after.phase).toBe('moving');
  });

  test('is shortened when half of the window is too little for all who are there', () => {
    const crowd = [room('huge', 9_000)];
    // 50 a wave: 15 minutes of waves, which must be over after 25 of the 30 minutes.
    expect(planDrain(situation('scale-in', 30, 10 * MINUTE - 1, crowd), half).phase).toBe('waiting');
    expect(planDrain(situation('scale-in', 30, 10 * MINUTE, crowd), half).phase).toBe('moving');
  });

  test('a spot instance does not wait for it', () => {
    const plan = planDrain(situation('spot', 2, 0, [room('a', 3)]), half);
    expect(plan).toMatchObject({ phase: 'moving', nextLookMs: 5_000 });
    expect(plan.move).toHaveLength(3);
  });
});

describe('waves', () => {
  test.each<[DrainReason, number, number]>([
    ['scale-in', 30, 400],
    ['image-roll', 240, 400],
    ['operator', 1, 100],
    ['spot', 2, 1_000],
  ])(
    '%s in %i minutes: %i peers are all moved in time, and never faster than others take them',
    (...given) => {
      const [reason, minutes, count] = given;
      const rooms = Array.from({ length: count / 4 }, (_, index) => room(`r${index}`, 4));
      const { moved, left, plans } = play(reason, minutes, rooms);
      expect(left).toEqual([]);
      expect(new Set(moved.map(({ peerId }) => peerId)).size).toBe(count);
      const lastMs = Math.max(...moved.map(({ atMs }) => atMs));
      expect(lastMs).toBeLessThan(minutes * MINUTE * (5 / 6) + 5_000);
      const share = reason === 'spot' ? 1 : 0.5;
      expect(mostWithin(moved, 5_000)).toBeLessThanOrEqual(20 * 5 * share + 1);
      for (const { etaAtMs } of plans) expect(etaAtMs).toBeGreaterThanOrEqual(lastMs - 5_000);
    },
  );

  test('a long window is used: rooms go one by one over it, not all at its half', () => {
    const rooms = Array.from({ length: 20 }, (_, index) => room(`r${index}`, 2));
    const { moved } = play('image-roll', 240, rooms);
    expect(mostWithin(moved, MINUTE)).toBe(2);
    expect(Math.max(...moved.map(({ atMs }) => atMs))).toBeGreaterThan(180 * MINUTE);
  });

  test('peers of one wave go at different moments within it', () => {
    const plan = planDrain(situation('spot', 2, 0, [room('a', 50)]), Math.random);
    const times = plan.move.map(({ afterMs }) => afterMs);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...times)).toBeLessThan(plan.nextLookMs);
    for (const [index, atMs] of times.entries()) {
      expect(atMs).toBeGreaterThanOrEqual(index * 100);
      expect(atMs).toBeLessThan((index + 1) * 100);
    }
  });

  test('small rooms go first and whole, and one that has begun goes before all others', () => {
    const rooms = [room('large', 30), room('small', 2), room('middle', 5)];
    const now = situation('scale-in', 30, 15 * MINUTE, rooms);
    expect(new Set(planDrain(now, half).move.map(({ roomId }) => roomId))).toEqual(new Set(['small']));
    const begun = { ...now, rooms: [room('large', 30, { isBegun: true }), room('small', 2)] };
    expect(planDrain(begun, half).move.filter(({ roomId }) => roomId === 'large')).toHaveLength(30);
  });

  test('a room that is too large for one wave goes in waves that follow each other', () => {
    const { moved, plans } = play('image-roll', 240, [room('large', 120)]);
    expect(plans.map(({ move }) => move.length).filter((size) => size > 0)).toEqual([50, 50, 20]);
    const times = moved.map(({ atMs }) => atMs);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(15_000);
  });
});

describe('who can not be moved', () => {
  const away = peer('away', { isAway: true });

  test('clients that are away are given until shortly before the deadline, broadcasters as long as they have company', () => {
    const rooms = [
      room('quiet', 0, { peers: [away], broadcasterIds: ['camera'] }),
      room('busy', 0, { peers: [peer('here', { moves: 3 })], broadcasterIds: ['screen'] }),
    ];
    expect(planDrain(situation('scale-in', 30, 29 * MINUTE - 1, rooms), half).evict).toEqual([]);
    expect(planDrain(situation('scale-in', 30, 29 * MINUTE, rooms), half).evict).toEqual([
      { roomId: 'quiet', peerId: 'away' },
      { roomId: 'quiet', peerId: 'camera' },
    ]);
    expect(planDrain(situation('spot', 2, 108_000, rooms), half).evict).toHaveLength(2);
  });

  test('the moment of eviction is not missed by a pause', () => {
    const at = 29 * MINUTE - 200;
    expect(planDrain(situation('scale-in', 30, at, [room('a', 0, { peers: [away] })]), half).nextLookMs).toBe(
      200,
    );
  });

  test('who comes back here again and again is left alone, also after the deadline', () => {
    const rooms = [room('a', 0, { peers: [peer('boomerang', { moves: 3 }), peer('other', { moves: 2 })] })];
    const plan = planDrain(situation('operator', 10, 11 * MINUTE, rooms), half);
    expect(plan.move.map(({ peerId }) => peerId)).toEqual(['other']);
    expect(plan.evict).toEqual([]);
  });

  test('without capacity elsewhere nobody goes for a while, then it is tried again; the deadline changes nothing', () => {
    for (const nowMs of [20 * MINUTE, 40 * MINUTE]) {
      const full = { ...situation('scale-in', 30, nowMs, [room('a', 2)]), refusedAtMs: nowMs - 1_000 };
      expect(planDrain(full, half)).toMatchObject({
        phase: 'moving',
        move: [],
        evict: [],
        nextLookMs: 4_000,
      });
      expect(planDrain({ ...full, refusedAtMs: nowMs - 5_000 }, half).move).toHaveLength(2);
    }
  });
});
