import { addVector, ZERO_VECTOR } from '../../core/capacity/headroom';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import type { HeartbeatReply, NodeHeartbeat, Placement } from '../../core/placement/placement-port';

export const ROOM = 'r';
export const NODE_IDS = ['a', 'b'] as const;
export type NodeId = (typeof NODE_IDS)[number];

/** A node lists all its rooms again when it has had no answer for so long, milliseconds. */
const FULL_AFTER_MS = 3_000;
/** Two peers of a room, by the egress model; the third needs a further node. */
const CAPACITY: Record<NodeId, CapacityVector> = {
  a: { egressBps: 100_000_000, packetsPerSecond: 600 },
  b: { egressBps: 100_000_000, packetsPerSecond: 20_000 },
};

interface HeldRoom {
  epoch: number;
  homeId: string;
  peers: number;
  expectedPeers: number;
  reserved: CapacityVector;
}

/** What a node keeps of its rooms and heartbeats, as media-node.ts, room-home.ts and node-registrar.ts do. */
export interface ModelNode {
  isUp: boolean;
  isCut: boolean;
  isDraining: boolean;
  /** When somebody could last not move from it: they wait for seconds then. */
  stayedAtMs: number | undefined;
  /** It was cut off, or its process ended: others may have taken its rooms. */
  wasAway: boolean;
  heartbeatSeq: number;
  acknowledgedSeq: number;
  acknowledgedAtMs: number;
  needFull: boolean;
  room: HeldRoom | undefined;
  seenClaims: number[];
  endedEpoch: number | undefined;
  /** What placement knows of its room, as text. */
  confirmed: string | undefined;
}

/** A peer that placement has sent to a node. */
export type Arrival = Pick<Placement, 'nodeId' | 'nodes' | 'epoch' | 'claim'> & {
  /** It migrates: there it goes on until it has arrived. */
  from: NodeId | undefined;
};

export const IDLE_NODE: ModelNode = {
  isUp: true,
  isCut: false,
  isDraining: false,
  stayedAtMs: undefined,
  wasAway: false,
  heartbeatSeq: 0,
  acknowledgedSeq: 0,
  acknowledgedAtMs: Number.NEGATIVE_INFINITY,
  needFull: true,
  room: undefined,
  seenClaims: [],
  endedEpoch: undefined,
  confirmed: undefined,
};

export function enter(node: ModelNode, { nodes, epoch, claim }: Arrival): ModelNode {
  const [homeId = ''] = nodes;
  const held = node.room ?? { epoch: 0, homeId, peers: 0, expectedPeers: 0, reserved: ZERO_VECTOR };
  return {
    ...node,
    seenClaims: [...node.seenClaims, claim.seq],
    room: {
      ...(epoch >= held.epoch ? { epoch, homeId } : { epoch: held.epoch, homeId: held.homeId }),
      peers: held.peers + 1,
      expectedPeers: Math.max(held.expectedPeers, claim.expectedPeers),
      reserved: addVector(held.reserved, claim.reserved),
    },
  };
}

export function hasNews({ seenClaims, endedEpoch, needFull, room, confirmed }: ModelNode): boolean {
  return seenClaims.length > 0 || endedEpoch !== undefined || needFull || JSON.stringify(room) !== confirmed;
}

export function heartbeatOf(id: NodeId, node: ModelNode, nowMs: number): NodeHeartbeat {
  const { room, seenClaims, endedEpoch } = node;
  const reserved = room?.reserved ?? ZERO_VECTOR;
  const full = node.needFull || nowMs - node.acknowledgedAtMs >= FULL_AFTER_MS;
  return {
    nodeId: id,
    release: '',
    linkAddress: id,
    state: node.isDraining ? 'DRAINING' : 'SERVING',
    ready: true,
    isMoving: node.isDraining,
    cascades: true,
    capacity: CAPACITY[id],
    committed: reserved,
    measured: ZERO_VECTOR,
    load: { cpuLoad: 0, sysLoad: 0, rooms: 0, clients: 0, tracks: 0, bytesPerSecond: 0 },
    seenClaims,
    rooms:
      room && (full || JSON.stringify(room) !== node.confirmed)
        ? [
            {
              roomId: ROOM,
              epoch: room.epoch,
              homeNodeId: room.homeId === id ? '' : room.homeId,
              peers: room.peers,
              publishers: room.peers,
              subscribers: room.peers,
              expectedPeers: room.expectedPeers,
              reserved,
            },
          ]
        : [],
    endedRooms: endedEpoch === undefined || room ? [] : [{ roomId: ROOM, epoch: endedEpoch, peakPeers: 1 }],
    full,
    heartbeatSeq: node.heartbeatSeq + 1,
    acknowledgedSeq: node.acknowledgedSeq,
  };
}

export function follow(node: ModelNode, { lostRooms, homes }: HeartbeatReply): ModelNode {
  if (lostRooms.length > 0) return { ...node, room: undefined };
  const [moved] = homes;
  if (!moved || !node.room || moved.epoch < node.room.epoch) return node;
  return { ...node, room: { ...node.room, homeId: moved.nodes[0] ?? '', epoch: moved.epoch } };
}
