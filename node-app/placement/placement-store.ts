import type { Redis } from 'ioredis';
import { DEFAULT_EGRESS_MODEL, type EgressModelParams } from '../../core/capacity/egress-model';
import type { RandomSource } from '../../core/clock';
import { unpackDrainCommand } from '../../core/drain/drain-command';
import { FleetError } from '../../core/errors';
import { DEFAULT_EXPECTED_PEERS } from '../../core/placement/admission';
import type { PlacementEvent } from '../../core/placement/placement-event';
import type {
  ClaimRelease,
  FindHomeRequest,
  HeartbeatReply,
  NodeHeartbeat,
  NodeRecord,
  Placement,
  PlacementPort,
  PlacePeerRequest,
  RoomHome,
  RoomRecord,
} from '../../core/placement/placement-port';
import { roomNamePattern } from '../../core/placement/room-name-pattern';
import { DEFAULT_SELECTOR_POLICY, type SelectorPolicy } from '../../core/placement/selector-policy';
import { commonScriptKeys, redisKeys, type RedisKeys } from '../../core/redis-keys';
import {
  addParts,
  packDoubles,
  packEndedRoom,
  packNodeInfo,
  packRoomReport,
  stateIndex,
  unpackNodeRecord,
  unpackRoomRecord,
} from './packed-records';
import { readEventEntry } from './placement-events';
import { policyLetters, type PolicyLetters } from './policy-letters';
import { runScript } from './run-script';
import { defaultCommandsFolder, loadScript, type PlacementScript } from './script-loader';
import { placementError, readPlacement, readScriptResult } from './script-result';
import { DEFAULT_PLACEMENT_TIMING, scriptConstants, type PlacementTiming } from './script-settings';

export interface PlacementStoreOptions {
  /** From `connectRedis()`: without an offline queue and with a command timeout. Not closed by the store. */
  redis: Redis;
  /** All keys of this fleet share the hash tag `{keyPrefix}`. */
  keyPrefix: string;
  random: RandomSource;
  /** Policy of requests that bring none. @default least-egress */
  policy?: SelectorPolicy | undefined;
  /** As the nodes' rooms count with. @default DEFAULT_EGRESS_MODEL */
  egressModel?: EgressModelParams | undefined;
  /** Folder of the Lua scripts. @default `commands` beside the bundle, else the source tree's */
  commandsFolder?: string | undefined;
  timing?: Partial<PlacementTiming> | undefined;
  /** Size of a room that nothing is known about. @default DEFAULT_EXPECTED_PEERS */
  defaultExpectedPeers?: number | undefined;
  /** Weight of the newest room in the learned size of its name pattern, 0–1. @default 0.3 */
  learningWeight?: number | undefined;
  /** A simulator's time, milliseconds. Only with a `keyPrefix` that begins with `sim-`. */
  virtualNowMs?: (() => number) | undefined;
}

type ScriptName = 'placePeer' | 'findHome' | 'releaseClaim' | 'heartbeat' | 'retireNode';

const SCRIPT_FILES: Record<ScriptName, string> = {
  placePeer: 'placePeer-16.lua',
  findHome: 'findHome-15.lua',
  releaseClaim: 'releaseClaim-15.lua',
  heartbeat: 'heartbeat-18.lua',
  retireNode: 'retireNode-17.lua',
};

/** Placement on Redis. Every call is one round trip; the decisions are in `core/placement/commands`. */
export class PlacementStore implements PlacementPort {
  readonly #redis: Redis;
  readonly #random: RandomSource;
  readonly #virtualNowMs: () => number;
  readonly #timing: PlacementTiming;
  readonly #policy: PolicyLetters;
  readonly #keys: RedisKeys;
  readonly #commonKeys: string[];
  readonly #scripts: Record<ScriptName, PlacementScript>;

  constructor(options: PlacementStoreOptions) {
    this.#redis = options.redis;
    this.#random = options.random;
    this.#virtualNowMs = options.virtualNowMs ?? (() => 0);
    this.#timing = { ...DEFAULT_PLACEMENT_TIMING, ...options.timing };
    this.#policy = policyLetters(options.policy ?? DEFAULT_SELECTOR_POLICY);
    this.#keys = redisKeys(options.keyPrefix);
    this.#commonKeys = commonScriptKeys(this.#keys);
    const folder = options.commandsFolder ?? defaultCommandsFolder();
    const constants = scriptConstants({
      timing: this.#timing,
      egressModel: options.egressModel ?? DEFAULT_EGRESS_MODEL,
      defaultExpectedPeers: options.defaultExpectedPeers ?? DEFAULT_EXPECTED_PEERS,
      learningWeight: options.learningWeight ?? 0.3,
    });
    this.#scripts = {
      placePeer: loadScript(folder, SCRIPT_FILES.placePeer, constants),
      findHome: loadScript(folder, SCRIPT_FILES.findHome, constants),
      releaseClaim: loadScript(folder, SCRIPT_FILES.releaseClaim, constants),
      heartbeat: loadScript(folder, SCRIPT_FILES.heartbeat, constants),
      retireNode: loadScript(folder, SCRIPT_FILES.retireNode, constants),
    };
  }

  async placePeer(request: PlacePeerRequest): Promise<Placement> {
    const { roomId, role, expectedPeers, evidence, avoidNodeId, toNodeId = '' } = request;
    checkRoomId(roomId);
    if (expectedPeers !== undefined && !(Number.isSafeInteger(expectedPeers) && expectedPeers > 0)) {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'expectedPeers must be a positive integer' });
    }
    const policy = request.policy ? policyLetters(request.policy) : this.#policy;
    const letters =
      (role.publishes ? 'b' : 'a') +
      (role.subscribes ? 'b' : 'a') +
      policy.letters +
      (evidence ? (evidence.kind === 'dead' ? 'c' : 'b') : 'a');
    const random = Math.floor(this.#random() * 2 ** 31);
    const args = [roomId, `${letters}${expectedPeers ?? 0} ${policy.loadLimit} ${random}`];
    const virtualNowMs = this.#virtualNowMs();
    // Each argument costs both sides; most joins have none of these.
    if (evidence || virtualNowMs > 0 || avoidNodeId !== undefined) {
      args.push(evidence?.nodeId ?? '', String(virtualNowMs));
    }
    if (avoidNodeId !== undefined) args.push(avoidNodeId, toNodeId);
    const keys = [...this.#commonKeys, this.#keys.prior(roomNamePattern(roomId))];
    return readPlacement(roomId, await this.#run('placePeer', keys, args));
  }

  async findHome({ roomId, nodeId, evidence }: FindHomeRequest): Promise<RoomHome> {
    checkRoomId(roomId);
    checkNodeId(nodeId);
    const kind = { unreachable: '1', dead: '2' };
    const answer = await this.#run('findHome', this.#commonKeys, [
      roomId,
      nodeId,
      evidence?.nodeId ?? '',
      evidence ? kind[evidence.kind] : '0',
      String(this.#virtualNowMs()),
    ]);
    const [nodes, homeLinkAddress, epoch] = readScriptResult(answer);
    return {
      nodes: String(nodes).split('\n'),
      homeLinkAddress: String(homeLinkAddress),
      epoch: Number(epoch),
    };
  }

  async releaseClaim({ nodeId, seq }: ClaimRelease): Promise<void> {
    checkNodeId(nodeId);
    await this.#run('releaseClaim', this.#commonKeys, [nodeId, String(seq), String(this.#virtualNowMs())]);
  }

  async heartbeat(heartbeat: NodeHeartbeat): Promise<HeartbeatReply> {
    const { nodeId, capacity, committed, measured, load } = heartbeat;
    checkNodeId(nodeId);
    const numbers = packDoubles([
      stateIndex(heartbeat.state),
      readyCode(heartbeat),
      capacity.egressBps,
      capacity.packetsPerSecond,
      Math.max(committed.egressBps, measured.egressBps),
      Math.max(committed.packetsPerSecond, measured.packetsPerSecond),
      load.cpuLoad,
      load.sysLoad,
      load.rooms,
      load.clients,
      load.tracks,
      load.bytesPerSecond,
      heartbeat.heartbeatSeq,
      heartbeat.cascades ? 1 : 0,
      heartbeat.acknowledgedSeq,
      heartbeat.full ? 1 : 0,
      heartbeat.rooms.length,
      this.#virtualNowMs(),
    ]);
    const answer = await this.#run(
      'heartbeat',
      [
        ...this.#commonKeys,
        this.#keys.nodeInfo,
        this.#keys.removed,
        this.#keys.drainCommands,
        ...heartbeat.endedRooms.map((room) => this.#keys.prior(roomNamePattern(room.roomId))),
      ],
      [
        nodeId,
        numbers,
        heartbeat.linkAddress,
        packNodeInfo({
          release: heartbeat.release,
          committed,
          measured,
          drain: heartbeat.drain,
          cordon: heartbeat.cordon,
        }),
        packDoubles(heartbeat.seenClaims),
        ...heartbeat.rooms.map(packRoomReport),
        ...heartbeat.endedRooms.map(packEndedRoom),
      ],
    );
    const [nowMs, needFull, pendingClaims, drainCommand, lostCount, ...told] = readScriptResult(answer);
    const triples = inThrees(told);
    return {
      nowMs: Number(nowMs),
      needFull: needFull === 1,
      lostRooms: triples.slice(0, Number(lostCount)).map(([roomId, home, epoch]) => ({
        roomId: String(roomId),
        nodeId: String(home),
        epoch: Number(epoch),
      })),
      homes: triples.slice(Number(lostCount)).map(([roomId, nodes, epoch]) => ({
        roomId: String(roomId),
        nodes: String(nodes).split('\n'),
        epoch: Number(epoch),
      })),
      pendingClaims: Number(pendingClaims) < 0 ? undefined : Number(pendingClaims),
      drainCommand: unpackDrainCommand(String(drainCommand)),
    };
  }

  async retire(nodeId: string): Promise<void> {
    checkNodeId(nodeId);
    await this.#run(
      'retireNode',
      [...this.#commonKeys, this.#keys.nodeInfo, this.#keys.removed],
      [nodeId, String(this.#virtualNowMs())],
    );
  }

  async listNodes(): Promise<NodeRecord[]> {
    const [nodes, infos, time] = await this.#read((redis) =>
      Promise.all([
        redis.hgetallBuffer(this.#keys.nodes),
        redis.hgetallBuffer(this.#keys.nodeInfo),
        redis.time(),
      ]),
    );
    const nowMs = this.#nowMs(time);
    return Object.entries(nodes)
      .map(([nodeId, packed]) => unpackNodeRecord(nodeId, packed, infos[nodeId] ?? null, nowMs))
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  async findNode(nodeId: string): Promise<NodeRecord | undefined> {
    const [packed, info, time] = await this.#read((redis) =>
      Promise.all([
        redis.hgetBuffer(this.#keys.nodes, nodeId),
        redis.hgetBuffer(this.#keys.nodeInfo, nodeId),
        redis.time(),
      ]),
    );
    return packed ? unpackNodeRecord(nodeId, packed, info, this.#nowMs(time)) : undefined;
  }

  async listRooms({ cursor = '0', limit = 500 }: { cursor?: string; limit?: number } = {}): Promise<{
    rooms: RoomRecord[];
    cursor?: string;
  }> {
    if (!/^\d{1,20}$/.test(cursor))
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'not a cursor' });
    const count = Math.min(Math.max(1, Math.floor(limit)), 10_000);
    const [next, flat] = await this.#read((redis) =>
      redis.hscanBuffer(this.#keys.rooms, cursor, 'COUNT', count),
    );
    const heads: RoomRecord[] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const [roomId, packed] = [flat[i], flat[i + 1]];
      if (roomId && packed) heads.push(unpackRoomRecord(roomId.toString('utf8'), packed));
    }
    const rooms = await this.#withParts(heads);
    const nextCursor = next.toString();
    return nextCursor === '0' ? { rooms } : { rooms, cursor: nextCursor };
  }

  async findRoom(roomId: string): Promise<RoomRecord | undefined> {
    const packed = await this.#read((redis) => redis.hgetBuffer(this.#keys.rooms, roomId));
    return packed ? (await this.#withParts([unpackRoomRecord(roomId, packed)]))[0] : undefined;
  }

  /** Adds what the further nodes hold of the rooms. */
  async #withParts(rooms: RoomRecord[]): Promise<RoomRecord[]> {
    const fields = rooms.flatMap(({ roomId, nodes }) =>
      nodes.slice(1).map((nodeId) => `${nodeId}\0${roomId}`),
    );
    if (fields.length === 0) return rooms;
    const parts = await this.#read((redis) => redis.hmgetBuffer(this.#keys.parts, ...fields));
    let next = 0;
    return rooms.map((room) => {
      const count = room.nodes.length - 1;
      next += count;
      return addParts(room, parts.slice(next - count, next));
    });
  }

  /** Events after `afterId`, oldest first. About the last thousand are kept. */
  async readEvents({ afterId, limit = 100 }: { afterId?: string; limit?: number } = {}): Promise<
    PlacementEvent[]
  > {
    if (afterId !== undefined && !/^\d+-\d+$/.test(afterId)) {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'not the id of an event' });
    }
    const entries = await this.#read((redis) =>
      redis.xrange(this.#keys.events, afterId ? `(${afterId}` : '-', '+', 'COUNT', limit),
    );
    return entries.map(readEventEntry).filter((event) => event !== undefined);
  }

  #nowMs([seconds, microseconds]: readonly (number | string)[]): number {
    return this.#virtualNowMs() || Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }

  /** EVALSHA; only a Redis that has lost its script cache needs the source, once. Strings come as Buffers. */
  async #run(name: ScriptName, keys: string[], args: (string | Buffer)[]): Promise<unknown> {
    return this.#read((redis) => runScript(redis, this.#scripts[name], keys, args));
  }

  async #read<T>(operation: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await operation(this.#redis);
    } catch (error) {
      throw this.#describe(error);
    }
  }

  #describe(error: unknown): FleetError {
    return placementError(error, this.#timing.heartbeatIntervalMs);
  }
}

/** As includes/node-layout.lua has it. */
function readyCode({ ready, isMoving = false }: NodeHeartbeat): number {
  if (isMoving) return 2;
  return ready ? 1 : 0;
}

function inThrees(values: unknown[]): unknown[][] {
  return Array.from({ length: Math.floor(values.length / 3) }, (_, i) => values.slice(3 * i, 3 * i + 3));
}

function checkNodeId(nodeId: string): void {
  if (!/^[\w.:-]{1,128}$/.test(nodeId)) {
    throw new FleetError('FLEET_ERR_BAD_REQUEST', {
      message: 'a node id has up to 128 letters, digits and .:_-',
    });
  }
}

function checkRoomId(roomId: string): void {
  if (roomId.length < 1 || roomId.length > 256) {
    throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'a room id has 1 to 256 characters' });
  }
}
