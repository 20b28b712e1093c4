import type { RandomSource } from '../clock';
import type { DrainCommand } from './drain-command';

/** A peer on the node that leaves. */
export interface DrainingPeer {
  peerId: string;
  /** Its client's connection is lost: nobody is there who could be told to go elsewhere. */
  isAway: boolean;
  /** How often it was told to go, and came back here. */
  moves: number;
}

/** The node's part of a room. */
export interface DrainingRoom {
  roomId: string;
  peers: readonly DrainingPeer[];
  /** They have no signalling, so they can only be ended. */
  broadcasterIds: readonly string[];
  /** Some of its peers have been moved already. */
  isBegun: boolean;
}

export interface DrainSituation {
  command: Pick<DrainCommand, 'reason' | 'issuedAtMs' | 'deadlineAtMs'>;
  /** Of the clock that the command is on, milliseconds. */
  nowMs: number;
  rooms: readonly DrainingRoom[];
  /** Joins that another node takes in a second: a room's peers mostly go to the same one. */
  joinsPerSecond: number;
  /** When no other node had headroom for a peer the last time, milliseconds; undefined: it never happened. */
  refusedAtMs: number | undefined;
}

/** Somebody on the node. */
export interface Occupant {
  roomId: string;
  peerId: string;
}

export interface DrainPlan {
  /** `waiting` for rooms to end by themselves; a node that is `moving` should get no new peer. */
  phase: 'waiting' | 'moving';
  /** Who is to go to another node, and how long from now, milliseconds. Before the next look. */
  move: (Occupant & { afterMs: number })[];
  /** Who is to be closed now, because nobody is there who could be moved. */
  evict: Occupant[];
  /** When the node is expected to be empty, if the others have the capacity; milliseconds since 1970. */
  etaAtMs: number;
  /** When to plan again, milliseconds from now. */
  nextLookMs: number;
}

/** One wave's length, milliseconds: its peers go one after the other within it. */
const WAVE_MS = 5_000;
/** The share of what others can take that planned moves use, so that people who join meanwhile don't wait behind them. */
const PLANNED_SHARE = 0.5;
/** After no node had headroom, milliseconds: scaling has heard of it, and a warm instance serves by then. */
const REFUSED_PAUSE_MS = 5_000;
/** While waiting, milliseconds: peers that come may make an earlier beginning necessary. */
const WAITING_LOOK_MS = 30_000;
/** Who is back on the node so often is left alone: whoever places it does not know that the node moves its peers. */
const MAX_MOVES = 3;

interface Timetable {
  /** Rooms end by themselves until then. */
  moveAtMs: number;
  /** Waves are spread so that the last one is over by then; the rest of the window is for whoever found no capacity. */
  movedByMs: number;
  evictAtMs: number;
  /** Whether every second counts. */
  isUrgent: boolean;
}

/**
 * What a draining node does now. Rooms may end by themselves in the first half of the window; then the rest is moved in
 * waves, no faster than others take them and no faster than needed, since a call that ends by itself needs no move. A
 * room goes as a whole, so that it is on two nodes for as short as can be, and small ones go first: most rooms are, and
 * the longer a large one waits, the more people may never notice. A spot instance has two minutes: it begins at once,
 * as fast as the others can.
 */
export function planDrain(situation: DrainSituation, random: RandomSource): DrainPlan {
  const { nowMs, rooms, refusedAtMs } = situation;
  const movable = rooms.map((room) => ({ ...room, peers: room.peers.filter(isMovable) }));
  const peers = movable.reduce((sum, room) => sum + room.peers.length, 0);
  const timetable = timetableOf(situation, peers);
  const { moveAtMs, movedByMs, evictAtMs, isUrgent } = timetable;
  const evict = nowMs >= evictAtMs ? rooms.flatMap(unreachableIn) : [];
  const etaAtMs = etaOf(situation, timetable, peers);
  const untilEviction = nowMs < evictAtMs ? evictAtMs - nowMs : Number.POSITIVE_INFINITY;

  if (nowMs < moveAtMs) {
    const nextLookMs = Math.min(moveAtMs - nowMs, WAITING_LOOK_MS, untilEviction);
    return { phase: 'waiting', move: [], evict, etaAtMs, nextLookMs };
  }
  const pauseMs = refusedAtMs === undefined ? 0 : refusedAtMs + REFUSED_PAUSE_MS - nowMs;
  if (pauseMs > 0 || peers === 0) {
    const nextLookMs = Math.min(pauseMs > 0 ? pauseMs : WAVE_MS, untilEviction);
    return { phase: 'moving', move: [], evict, etaAtMs, nextLookMs };
  }
  const leftMs = movedByMs - nowMs;
  const hasTime = !isUrgent && leftMs > WAVE_MS;
  const largest = largestWave(situation, !hasTime);
  const wanted = hasTime ? Math.min(largest, Math.ceil((peers * WAVE_MS) / leftMs)) : largest;
  const { wave, isRoomSplit } = nextWave(movable, wanted, largest);
  // As many as went take their share of the time; a room that has begun to move goes on doing so.
  const earnedMs = hasTime && !isRoomSplit ? (leftMs * wave.length) / peers : WAVE_MS;
  return {
    phase: 'moving',
    move: wave.map((occupant, index) => ({
      ...occupant,
      afterMs: Math.floor(((index + random()) * WAVE_MS) / wave.length),
    })),
    evict,
    etaAtMs,
    nextLookMs: Math.max(WAVE_MS, Math.min(earnedMs, untilEviction)),
  };
}

function timetableOf(situation: DrainSituation, peers: number): Timetable {
  const { reason, issuedAtMs, deadlineAtMs } = situation.command;
  const windowMs = Math.max(0, deadlineAtMs - issuedAtMs);
  const evictAtMs = deadlineAtMs - Math.min(60_000, Math.max(5_000, windowMs / 10));
  if (reason === 'spot') return { moveAtMs: issuedAtMs, movedByMs: issuedAtMs, evictAtMs, isUrgent: true };
  const movedByMs = deadlineAtMs - windowMs / 6;
  const neededMs = wavesFor(peers, largestWave(situation, false)) * WAVE_MS;
  const moveAtMs = Math.min(issuedAtMs + windowMs / 2, movedByMs - neededMs);
  return { moveAtMs, movedByMs, evictAtMs, isUrgent: false };
}

function etaOf(situation: DrainSituation, timetable: Timetable, peers: number): number {
  const { nowMs, rooms } = situation;
  const { moveAtMs, movedByMs, evictAtMs, isUrgent } = timetable;
  const fastest = largestWave(situation, isUrgent || nowMs >= movedByMs);
  const movedAtMs = Math.max(nowMs, moveAtMs) + wavesFor(peers, fastest) * WAVE_MS;
  const evictedAtMs = rooms.some((room) => unreachableIn(room).length > 0) ? evictAtMs : nowMs;
  return Math.max(nowMs, evictedAtMs, ...(peers > 0 ? [movedAtMs, movedByMs] : []));
}

function wavesFor(peers: number, largest: number): number {
  return Math.ceil(peers / largest);
}

function largestWave({ joinsPerSecond }: DrainSituation, isUrgent: boolean): number {
  return Math.max(1, Math.floor((joinsPerSecond * (isUrgent ? 1 : PLANNED_SHARE) * WAVE_MS) / 1_000));
}

/** Whole rooms until there are enough, but never more than `largest`. */
function nextWave(
  rooms: readonly DrainingRoom[],
  wanted: number,
  largest: number,
): { wave: Occupant[]; isRoomSplit: boolean } {
  const wave: Occupant[] = [];
  const inTurn = rooms.filter(({ peers }) => peers.length > 0).sort(byTurn);
  for (const { roomId, peers } of inTurn) {
    const free = largest - wave.length;
    wave.push(...peers.slice(0, free).map(({ peerId }) => ({ roomId, peerId })));
    if (peers.length > free) return { wave, isRoomSplit: true };
    if (wave.length >= wanted) break;
  }
  return { wave, isRoomSplit: false };
}

function byTurn(a: DrainingRoom, b: DrainingRoom): number {
  return Number(b.isBegun) - Number(a.isBegun) || a.peers.length - b.peers.length;
}

function isMovable({ isAway, moves }: DrainingPeer): boolean {
  return !isAway && moves < MAX_MOVES;
}

/** Clients that are away, and broadcasters that nobody of the room keeps company here any more. */
function unreachableIn({ roomId, peers, broadcasterIds }: DrainingRoom): Occupant[] {
  const away = peers.filter(({ isAway }) => isAway);
  const alone = away.length === peers.length ? broadcasterIds : [];
  return [...away.map(({ peerId }) => peerId), ...alone].map((peerId) => ({ roomId, peerId }));
}
