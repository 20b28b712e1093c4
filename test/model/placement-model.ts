import type { Redis } from 'ioredis';
import { unpackNode } from '../../core/placement/packed-node';
import type { HeartbeatReply, Placement, PlacePeerRequest } from '../../core/placement/placement-port';
import { redisKeys } from '../../core/redis-keys';
import { unpackRoomRecord } from '../../node-app/placement/packed-records';
import { PlacementStore } from '../../node-app/placement/placement-store';
import type { Model, Step } from './explore';
import {
  enter,
  follow,
  hasNews,
  heartbeatOf,
  IDLE_NODE,
  NODE_IDS,
  ROOM,
  type Arrival,
  type ModelNode,
  type NodeId,
} from './placement-node';
import { NO_RECORDS, RecordsInRedis, type PlacementRecords } from './placement-records';

/** Heartbeats at both ends of it keep a lease, and one that fails to come does not. Milliseconds. */
const TICK_MS = 2_900;
/** A room that two nodes take themselves for the home of, while both reach Redis, is none any more by then, milliseconds. */
const SPLIT_BOUND_MS = 5_000;
/** Longer than a claim lives and than a silent home is waited for, in ticks. */
const CALM_ROUNDS = 6;
/** What may happen how often. */
export interface PlacementBounds {
  ticks: number;
  joins: number;
  leaves: number;
  crashes: number;
  restarts: number;
  /** A node is without Redis, links and gateways, until it heals. */
  cuts: number;
  /** A heartbeat is taken, and its answer lost. */
  lostAnswers: number;
  /** A gateway dies with a peer that it was about to hand to its node. */
  lostArrivals: number;
  /** Redis loses everything. */
  wipes: number;
  /** Redis loses what was written since the last tick. */
  losses: number;
  /** A node is told to drain: it moves its peers one by one, and retires when none is left. */
  drains: number;
  /** The drain is cancelled. */
  undrains: number;
}

export interface PlacementState {
  nowMs: number;
  left: PlacementBounds;
  nodes: Record<NodeId, ModelNode>;
  records: PlacementRecords;
  /** As of the last tick. */
  saved: PlacementRecords;
  arrivals: Arrival[];
  splitSinceMs: number | undefined;
  calmRounds: number;
  broken: string | undefined;
}

/**
 * A gateway, two nodes and one room. All that Redis decides is decided by the real scripts on a real Redis, whose contents
 * are part of each state; what the nodes do with the answers is modelled.
 */
export class PlacementModel implements Model<PlacementState> {
  readonly calmBound = CALM_ROUNDS + 1;
  readonly #records: RecordsInRedis;
  readonly #store: PlacementStore;
  #nowMs = 0;

  private constructor(
    redis: Redis,
    keyPrefix: string,
    commandsFolder: string | undefined,
    readonly initial: PlacementState,
  ) {
    this.#records = new RecordsInRedis(redis, redisKeys(keyPrefix));
    this.#store = new PlacementStore({
      redis,
      keyPrefix,
      commandsFolder,
      random: () => 0,
      virtualNowMs: () => this.#nowMs,
    });
  }

  /** With two peers in the room, on node a, of which everybody knows. */
  static async begin(
    redis: Redis,
    keyPrefix: string,
    bounds: PlacementBounds,
    commandsFolder?: string,
  ): Promise<PlacementModel> {
    const empty: PlacementState = {
      nowMs: 1_800_000_000_000,
      left: { ...bounds, joins: 2 },
      nodes: { a: IDLE_NODE, b: { ...IDLE_NODE, isUp: false } },
      records: NO_RECORDS,
      saved: NO_RECORDS,
      arrivals: [],
      splitSinceMs: undefined,
      calmRounds: 0,
      broken: undefined,
    };
    const model = new PlacementModel(redis, keyPrefix, commandsFolder, empty);
    // A new fleet waits for a lease before it takes rooms.
    let state = await model.#tick(await model.#tick(await model.#tick(empty)));
    for (let peer = 0; peer < 2; peer += 1) {
      state = await model.#beat(await model.#deliver(await model.#join(state), 0), 'a');
    }
    state = await model.#beat(withNode(state, 'b', IDLE_NODE), 'b');
    return new PlacementModel(redis, keyPrefix, commandsFolder, {
      ...state,
      saved: state.records,
      left: bounds,
    });
  }

  async steps(state: PlacementState): Promise<Step<PlacementState>[]> {
    const { left, nodes, arrivals } = state;
    const steps: Step<PlacementState>[] = [];
    const may = async (
      what: keyof PlacementBounds,
      label: string,
      next: (state: PlacementState) => unknown,
    ) => {
      if (left[what] <= 0) return;
      const spent = { ...state, left: { ...left, [what]: left[what] - 1 } };
      steps.push({ label, next: (await next(spent)) as PlacementState });
    };
    await may('joins', 'somebody joins', (from) => this.#join(from));
    for (const [index, { nodeId }] of arrivals.entries()) {
      steps.push({ label: `a peer arrives at ${nodeId}`, next: await this.#deliver(state, index) });
      await may('lostArrivals', `a gateway dies with a peer for ${nodeId}`, (from) => ({
        ...from,
        arrivals: arrivals.filter((_, at) => at !== index),
      }));
    }
    await may('ticks', 'time passes', (from) => this.#tick(from));
    await may('wipes', 'Redis forgets everything', (from) => ({ ...from, records: NO_RECORDS }));
    await may('losses', 'Redis loses its last writes', (from) => ({ ...from, records: from.saved }));
    for (const id of NODE_IDS) {
      const node = nodes[id];
      if (!node.isUp) {
        await may('restarts', `${id} begins anew`, (from) =>
          withNode(from, id, { ...IDLE_NODE, wasAway: true }),
        );
        continue;
      }
      await may('crashes', `${id} dies`, (from) => withNode(from, id, { ...IDLE_NODE, isUp: false }));
      if (node.isCut) {
        steps.push({ label: `${id} is reached again`, next: withNode(state, id, { ...node, isCut: false }) });
        continue;
      }
      // Without news it changes nothing but its number, for ever; what it is told it hears when time passes.
      if (hasNews(node) || !isRecorded(state.records, id))
        steps.push({ label: `heartbeat of ${id}`, next: await this.#beat(state, id) });
      steps.push({ label: `${id} looks for its home`, next: await this.#seek(state, id) });
      await may('lostAnswers', `heartbeat of ${id}, without an answer`, (from) => this.#beat(from, id, true));
      await may('cuts', `${id} is cut off`, (from) =>
        withNode(from, id, { ...node, isCut: true, wasAway: true }),
      );
      if (node.room !== undefined) await may('leaves', `somebody leaves ${id}`, (from) => leave(from, id));
      if (!node.isDraining) {
        await may('drains', `${id} is to drain`, (from) => withNode(from, id, { ...node, isDraining: true }));
        continue;
      }
      await may('undrains', `${id} is not to drain`, (from) =>
        withNode(from, id, { ...node, isDraining: false }),
      );
      if (node.room === undefined) {
        steps.push({ label: `${id} retires`, next: await this.#retire(state, id) });
      } else if (node.stayedAtMs !== state.nowMs && arrivals.every((arrival) => arrival.from !== id)) {
        steps.push({ label: `somebody is to move from ${id}`, next: await this.#move(state, id) });
      }
    }
    return steps.map(({ label, next }) => ({ label, next: this.#watched(next) }));
  }

  key({ saved, ...state }: PlacementState): string {
    return JSON.stringify({ ...state, saved: state.left.losses > 0 ? saved : undefined });
  }

  violation(state: PlacementState): string | undefined {
    const { broken, splitSinceMs, nowMs, calmRounds } = state;
    if (broken !== undefined) return broken;
    if (splitSinceMs !== undefined && nowMs - splitSinceMs > SPLIT_BOUND_MS) return 'the room stays split';
    return calmRounds === CALM_ROUNDS ? unsettled(state) : undefined;
  }

  describe(state: PlacementState): string {
    const nodes = NODE_IDS.map((id) => {
      const { isUp, isCut, isDraining, room } = state.nodes[id];
      const holds = room && `${room.peers} peers, home ${room.homeId}, epoch ${short(room.epoch)}`;
      return `${id}: ${isUp ? (isCut ? 'cut off' : 'up') : 'down'}${isDraining ? ', draining' : ''}${holds ? `, ${holds}` : ''}`;
    });
    const record = recordOf(state.records);
    const recorded =
      record && `${record.nodes.join('+')}, ${record.peers} peers, epoch ${short(record.epoch)}`;
    return [...nodes, `recorded: ${recorded ?? 'nothing'}`, `on their way: ${state.arrivals.length}`].join(
      '; ',
    );
  }

  async calm(state: PlacementState): Promise<Step<PlacementState> | undefined> {
    if (state.calmRounds >= CALM_ROUNDS) return undefined;
    let next: PlacementState = { ...state, calmRounds: state.calmRounds + 1 };
    for (const id of NODE_IDS) next = withNode(next, id, { ...next.nodes[id], isCut: false });
    while (next.arrivals.length > 0) next = await this.#deliver(next, 0);
    for (const id of NODE_IDS) next = await this.#seek(next, id);
    next = await this.#tick(next);
    for (const id of NODE_IDS) next = await this.#drain(next, id);
    next = this.#watched(next);
    return { label: `round ${next.calmRounds}`, next };
  }

  /** What a call changes in Redis, and what it says; undefined: it was refused. */
  async #ask<T>(
    state: PlacementState,
    call: (store: PlacementStore) => Promise<T>,
  ): Promise<{ next: PlacementState; answer: T | undefined }> {
    this.#nowMs = state.nowMs;
    const [, answer] = await Promise.all([
      this.#records.put(state.records),
      call(this.#store).catch((error: unknown) => {
        if ((error as { code?: string }).code?.startsWith('FLEET_ERR_') !== true) throw error;
        return undefined;
      }),
    ]);
    const next = { ...state, records: await this.#records.take() };
    return { next: { ...next, broken: state.broken ?? unwarranted(state, next) }, answer };
  }

  async #join(state: PlacementState, evidence?: PlacePeerRequest['evidence']): Promise<PlacementState> {
    const { next, answer } = await this.#ask(state, (store) => store.placePeer(joinRequest({ evidence })));
    return answer ? { ...next, arrivals: [...next.arrivals, arrivalOf(answer)] } : next;
  }

  /** Asks for a place elsewhere for a peer of a draining node; without one it stays, and the node asks again. */
  async #move(state: PlacementState, from: NodeId): Promise<PlacementState> {
    const { next, answer } = await this.#ask(state, (store) =>
      store.placePeer(joinRequest({ avoidNodeId: from })),
    );
    if (!answer) return next;
    if (answer.nodeId === from) return { ...next, broken: next.broken ?? `who leaves ${from} is sent there` };
    return { ...next, arrivals: [...next.arrivals, arrivalOf(answer, from)] };
  }

  /** What a node does from its drain to its end, when nothing comes between. */
  async #drain(state: PlacementState, id: NodeId): Promise<PlacementState> {
    let next = state;
    while (next.nodes[id].isUp && next.nodes[id].isDraining && next.nodes[id].stayedAtMs !== next.nowMs) {
      if (next.nodes[id].room === undefined) return this.#retire(next, id);
      const moved = await this.#move(next, id);
      if (moved.arrivals.length === next.arrivals.length) return moved;
      next = await this.#deliver(moved, moved.arrivals.length - 1);
    }
    return next;
  }

  async #retire(state: PlacementState, id: NodeId): Promise<PlacementState> {
    const told = await this.#beat(state, id);
    const { next } = await this.#ask(told, (store) => store.retire(id));
    return withNode(next, id, { ...IDLE_NODE, isUp: false });
  }

  /** The gateway hands a peer to its node, or learns that it can't, and asks placement again with that evidence. */
  async #deliver(state: PlacementState, index: number): Promise<PlacementState> {
    const arrival = state.arrivals[index];
    if (arrival === undefined) throw new RangeError(`no arrival ${index}`);
    const from = { ...state, arrivals: state.arrivals.filter((_, at) => at !== index) };
    const id = arrival.nodeId as NodeId;
    const node = from.nodes[id];
    const { nodeId, claim } = arrival;
    if (node.isUp && !node.isCut) {
      const arrived = withNode(from, id, enter(node, arrival));
      // Its session before ends, if its node has not ended meanwhile.
      return arrival.from === undefined ? arrived : leave(arrived, arrival.from);
    }
    const { next } = await this.#ask(from, (store) =>
      store.releaseClaim({ nodeId, roomId: ROOM, seq: claim.seq }),
    );
    // Who moves stays where they are, and is asked to move again.
    if (arrival.from !== undefined) {
      return withNode(next, arrival.from, { ...next.nodes[arrival.from], stayedAtMs: state.nowMs });
    }
    const again = await this.#join(next, { nodeId, kind: node.isUp ? 'unreachable' : 'dead' });
    if (again.arrivals.length === from.arrivals.length || again.arrivals.at(-1)?.nodeId !== nodeId)
      return again;
    return { ...again, broken: again.broken ?? `a peer is sent to ${nodeId} again, where it could not go` };
  }

  async #beat(state: PlacementState, id: NodeId, isAnswerLost = false): Promise<PlacementState> {
    const node = state.nodes[id];
    const heartbeat = heartbeatOf(id, node, state.nowMs);
    const { next, answer } = await this.#ask(state, (store) => store.heartbeat(heartbeat));
    const { heartbeatSeq } = heartbeat;
    if (isAnswerLost || answer === undefined) {
      return withNode(next, id, { ...node, heartbeatSeq, confirmed: undefined });
    }
    const told = withNode(next, id, {
      ...follow(node, answer),
      heartbeatSeq,
      acknowledgedSeq: heartbeatSeq,
      acknowledgedAtMs: state.nowMs,
      needFull: answer.needFull,
      seenClaims: [],
      endedEpoch: undefined,
      confirmed: JSON.stringify(node.room),
    });
    if (answer.lostRooms.length > 0) {
      if (!node.wasAway)
        return { ...told, broken: `${id} was reached all the while, and is told to drop its room` };
      if (!isGoneTo(told, answer)) return { ...told, broken: 'a room is dropped that nobody else has' };
    }
    // What is asked for follows at once.
    return answer.needFull && !heartbeat.full ? this.#beat(told, id) : told;
  }

  /** A node of the room joins its home, or asks placement for the next one. */
  async #seek(state: PlacementState, id: NodeId): Promise<PlacementState> {
    const { room, isUp, isCut } = state.nodes[id];
    if (!room || room.homeId === id || !isUp || isCut) return state;
    const homeId = room.homeId as NodeId;
    const home = state.nodes[homeId];
    const isReached = home.isUp && !home.isCut;
    if (isReached && home.room) {
      const isHome = home.room.homeId === homeId;
      if (isHome || room.epoch > home.room.epoch) {
        const epoch = Math.max(room.epoch, home.room.epoch);
        return withNode(state, homeId, { ...home, room: { ...home.room, homeId, epoch } });
      }
    }
    const kind = home.isUp ? 'unreachable' : 'dead';
    const evidence = isReached ? undefined : ({ nodeId: homeId, kind } as const);
    const { next, answer } = await this.#ask(state, (store) =>
      store.findHome({ roomId: ROOM, nodeId: id, evidence }),
    );
    if (!answer || answer.epoch < room.epoch) return next;
    const { nodes, epoch } = answer;
    return withNode(next, id, { ...next.nodes[id], room: { ...room, homeId: nodes[0] ?? id, epoch } });
  }

  /** Less than a lease, at whose end everybody who is reached says so. */
  async #tick(state: PlacementState): Promise<PlacementState> {
    let next: PlacementState = { ...state, saved: state.records, nowMs: state.nowMs + TICK_MS };
    for (const id of NODE_IDS) {
      if (next.nodes[id].isUp && !next.nodes[id].isCut) next = await this.#beat(next, id);
    }
    return next;
  }

  #watched(state: PlacementState): PlacementState {
    const homes = NODE_IDS.filter((id) => {
      const { isUp, isCut, room } = state.nodes[id];
      return isUp && !isCut && room?.homeId === id;
    });
    return { ...state, splitSinceMs: homes.length > 1 ? (state.splitSinceMs ?? state.nowMs) : undefined };
  }
}

function withNode(state: PlacementState, id: NodeId, node: ModelNode): PlacementState {
  return { ...state, nodes: { ...state.nodes, [id]: node } };
}

function joinRequest(given: Pick<PlacePeerRequest, 'evidence' | 'avoidNodeId'>): PlacePeerRequest {
  return { roomId: ROOM, role: { publishes: true, subscribes: true }, expectedPeers: 1, ...given };
}

function arrivalOf({ nodeId, nodes, epoch, claim }: Placement, from?: NodeId): Arrival {
  return { nodeId, nodes, epoch, claim, from };
}

function leave(state: PlacementState, id: NodeId): PlacementState {
  const node = state.nodes[id];
  const { room } = node;
  if (!room) return state;
  const isOver = room.peers === 1;
  return withNode(state, id, {
    ...node,
    room: isOver ? undefined : { ...room, peers: room.peers - 1 },
    endedEpoch: isOver ? room.epoch : undefined,
  });
}

function isRecorded({ hashes }: PlacementRecords, id: NodeId): boolean {
  return hashes.nodes.some(([field]) => field === Buffer.from(id).toString('hex'));
}

/** The room that a node was told to drop lives where it was told, or is about to. */
function isGoneTo({ nodes, arrivals }: PlacementState, { lostRooms }: HeartbeatReply): boolean {
  return lostRooms.every(
    ({ nodeId }) => nodes[nodeId as NodeId].room || arrivals.some((arrival) => arrival.nodeId === nodeId),
  );
}

/** The room left a home that lives, is reached, and says so in time. */
function unwarranted(before: PlacementState, after: PlacementState): string | undefined {
  const { nodes, records, nowMs } = before;
  const homeId = recordOf(records)?.nodes[0] as NodeId | undefined;
  if (homeId === undefined) return undefined;
  const home = nodes[homeId];
  const holds = home.isUp && !home.isCut && home.room?.homeId === homeId;
  const hasRival = NODE_IDS.some((id) => id !== homeId && nodes[id].room?.homeId === id);
  const lease = records.sets.leases.find(([id]) => id === Buffer.from(homeId).toString('hex'));
  if (!holds || hasRival || Number(lease?.[1] ?? 0) <= nowMs) return undefined;
  const now = recordOf(after.records)?.nodes[0];
  return now === homeId ? undefined : `the room left ${homeId}, which lives, for ${now ?? 'nowhere'}`;
}

/** After a long calm everybody agrees, and nothing is left of what has passed. */
function unsettled({ nodes, records, nowMs }: PlacementState): string | undefined {
  // The smaller node has no room for all of the larger one's.
  if (nodes.a.isUp && nodes.a.isDraining && nodes.b.isUp && !nodes.b.isDraining)
    return 'a drain does not end';
  const holders = NODE_IDS.filter((id) => nodes[id].room !== undefined);
  const record = recordOf(records);
  const home = record?.nodes[0] as NodeId | undefined;
  const isHomeUp = home !== undefined && nodes[home].isUp;
  for (const id of NODE_IDS.filter((one) => nodes[one].isUp)) {
    const packed = records.hashes.nodes.find(([field]) => field === Buffer.from(id).toString('hex'));
    const { pending, leaseExpiresAtMs } = unpackNode(Buffer.from(packed?.[1] ?? '', 'hex'));
    if (leaseExpiresAtMs <= nowMs) return `${id} is not known to live`;
    if (pending.egressBps !== 0 || pending.packetsPerSecond !== 0) return `a reservation on ${id} is left`;
    const prefix = Buffer.from(`${id}\0`).toString('hex');
    if (records.sets.claims.some(([member]) => member.startsWith(prefix))) return `a claim on ${id} is left`;
  }
  if (holders.length === 0) return isHomeUp ? 'a room is recorded that nobody has' : undefined;
  if (!record || !home) return 'a room is not recorded';
  const recorded = record.nodes.filter((id) => nodes[id as NodeId].isUp).sort();
  if (recorded.join() !== holders.join())
    return `recorded on ${recorded.join('+')}, held by ${holders.join('+')}`;
  for (const id of holders) {
    const { room } = nodes[id];
    if (room?.homeId !== home) return `${id} takes ${room?.homeId} for the home, and it is ${home}`;
    if (room.epoch !== record.epoch) return `${id} knows epoch ${room.epoch}, and it is ${record.epoch}`;
  }
  const part = (id: NodeId) => records.hashes.parts.find(([field]) => field === partField(id))?.[1];
  for (const id of holders) {
    const { room } = nodes[id];
    const holds = id === home ? record : unpackRoomRecord(ROOM, Buffer.from(part(id) ?? '', 'hex'));
    if (holds.peers !== room?.peers)
      return `${holds.peers} peers of ${id} are recorded, and it has ${room?.peers}`;
    if (holds.reserved.egressBps !== room.reserved.egressBps)
      return `what ${id} has reserved is recorded otherwise`;
  }
  return undefined;
}

const partField = (id: string) => Buffer.from(`${id}\0${ROOM}`).toString('hex');

function recordOf({ hashes }: PlacementRecords) {
  const [packed] = hashes.rooms;
  return packed && unpackRoomRecord(ROOM, Buffer.from(packed[1], 'hex'));
}

/** Epochs are microseconds; for people their last digits do. */
const short = (epoch: number) => `…${String(epoch).slice(-8)}`;
