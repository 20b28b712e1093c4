import type { CapacityVector } from '../capacity/capacity-vector';
import type { PeerRole } from '../capacity/egress-model';
import type { DrainCommand } from '../drain/drain-command';
import type { DrainReport } from '../drain/drain-report';
import type { NodeState } from '../node-state';
import type { CordonReport } from './cordon-report';
import type { SelectorPolicy } from './selector-policy';

/**
 * What the gateway asks placement, and what a node tells it. The implementation on Redis is
 * `node-app/placement`; every method is one round trip.
 */
export interface PlacementPort {
  /**
   * The node for this peer's media: the first of the room's nodes that has headroom for it, else a chosen one, which
   * then is a further node of the room. The peer's demand is reserved in the same atomic step.
   * @throws FleetError FLEET_ERR_NO_CAPACITY (with retryAfterMs) or FLEET_ERR_PLACEMENT_UNAVAILABLE
   */
  placePeer(request: PlacePeerRequest): Promise<Placement>;
  /** Gives back a claim that no session was opened for (the relay failed, the client went away). Idempotent. */
  releaseClaim(release: ClaimRelease): Promise<void>;
  /**
   * Who is home of a room that `nodeId` holds a part of. When the home is gone, by the rules of `placePeer`, the next
   * node of the room becomes home in the same step.
   * @throws FleetError FLEET_ERR_NOT_FOUND when the room is gone or the node is no part of it;
   *   FLEET_ERR_PLACEMENT_UNAVAILABLE (with retryAfterMs) while that can't be said
   */
  findHome(request: FindHomeRequest): Promise<RoomHome>;
  /** Renews the node's lease, reports its load and its rooms, and learns what it must drop. */
  heartbeat(heartbeat: NodeHeartbeat): Promise<HeartbeatReply>;
  /** Ends the node's lease and removes its record (a clean stop). Rooms it still holds are forgotten. */
  retire(nodeId: string): Promise<void>;
  listNodes(): Promise<NodeRecord[]>;
  /** One node's record, or undefined. */
  findNode(nodeId: string): Promise<NodeRecord | undefined>;
  /** Rooms in no particular order, in pages: pass the cursor of the page before; no cursor back means the end. */
  listRooms(options?: { cursor?: string; limit?: number }): Promise<{ rooms: RoomRecord[]; cursor?: string }>;
  findRoom(roomId: string): Promise<RoomRecord | undefined>;
}

export interface PlacePeerRequest {
  roomId: string;
  /** What this peer will do in the room, which decides its demand. */
  role: PeerRole;
  /** People expected in the room, if the caller knows. @default learned from rooms of the same name pattern */
  expectedPeers?: number | undefined;
  /** @default the deployment's policy */
  policy?: SelectorPolicy | undefined;
  /**
   * What this gateway knows against a node of the room. `dead`: its link closed and reconnecting was refused, the room
   * leaves it at once. `unreachable`: the link is down, the room leaves it when the lease lapsed.
   */
  evidence?: NodeEvidence | undefined;
  /** The peer leaves this node of the room: it goes to any other, or is refused. */
  avoidNodeId?: string | undefined;
  /** With `avoidNodeId`: it goes to this node, or is refused. */
  toNodeId?: string | undefined;
}

/** What somebody knows against a node: see `PlacePeerRequest.evidence`. */
export interface NodeEvidence {
  nodeId: string;
  kind: 'dead' | 'unreachable';
}

export interface FindHomeRequest {
  roomId: string;
  /** The asking node, which holds a part of the room. */
  nodeId: string;
  /** What it knows against the home. */
  evidence?: NodeEvidence | undefined;
}

export interface RoomHome {
  /** The room's nodes, home first. */
  nodes: string[];
  /** How nodes reach the home's link listener. */
  homeLinkAddress: string;
  epoch: number;
}

export interface Placement {
  roomId: string;
  /** Where the peer's media goes. */
  nodeId: string;
  /** How gateways reach that node's link listener, e.g. `10.0.1.7:4444`. */
  linkAddress: string;
  /** The room's nodes, home first. */
  nodes: string[];
  /** How nodes reach the home's link listener; the same as `linkAddress` when the peer goes to the home. */
  homeLinkAddress: string;
  /** Fences a stale home: see docs/architecture.md. */
  epoch: number;
  /** True when this call created the room, or moved it to a node that had no part of it. */
  created: boolean;
  claim: Claim;
}

/** A reservation on a node that its heartbeats have not yet confirmed. The node confirms it by `seq`. */
export interface Claim {
  /** Unique and rising per node. */
  seq: number;
  /** What this claim added to the room's reservation on the node. All zero when the room had reserved it before. */
  reserved: CapacityVector;
  /** The size the room's reservation is made for. */
  expectedPeers: number;
}

export interface ClaimRelease {
  nodeId: string;
  roomId: string;
  seq: number;
}

export interface NodeHeartbeat {
  nodeId: string;
  /** The fleet release that the node runs, e.g. `0.1.0`. */
  release: string;
  linkAddress: string;
  state: NodeState;
  /** False while the node may not take new work for a reason of its own (starting, a dead worker). */
  ready: boolean;
  /**
   * True while a draining node moves its peers to other nodes: it gets none, also not of its own rooms, unless no other
   * node has headroom. It stays home of its rooms until their last peer has left it. @default false
   */
  isMoving?: boolean | undefined;
  /** Whether it can hold rooms together with other nodes. One that can't gets whole rooms only. */
  cascades: boolean;
  capacity: CapacityVector;
  /** max(measured, reservations left after decay), summed over the node's rooms. */
  committed: CapacityVector;
  measured: CapacityVector;
  load: NodeLoad;
  /** The drain that the node carries out. */
  drain?: DrainReport | undefined;
  /** While an operator's cordon or drain holds. */
  cordon?: CordonReport | undefined;
  /** Claims whose sessions the node has seen since the last acknowledged heartbeat; now part of `committed`. */
  seenClaims: number[];
  /** Rooms that are new or changed since the last acknowledged heartbeat; all of them when `full`. */
  rooms: RoomReport[];
  /** Rooms that ended since the last acknowledged heartbeat. */
  endedRooms: EndedRoom[];
  /** True when `rooms` lists every room of the node. */
  full: boolean;
  /** Rises by one with each heartbeat composed; a stored one older than the last acknowledged means lost writes. */
  heartbeatSeq: number;
  /** `heartbeatSeq` of the last heartbeat that was answered, 0 before. */
  acknowledgedSeq: number;
}

/** What the sort keys of LiveKit's and OpenVidu's selectors read. */
export interface NodeLoad {
  /** CPU use of the machine, 0–1. */
  cpuLoad: number;
  /** Load average over 1 minute ÷ cores. */
  sysLoad: number;
  rooms: number;
  clients: number;
  tracks: number;
  bytesPerSecond: number;
}

/** A node's part of a room. All numbers are of that node alone. */
export interface RoomReport {
  roomId: string;
  epoch: number;
  /** The room's home as the node knows it; '' for itself. @default '' */
  homeNodeId?: string | undefined;
  peers: number;
  publishers: number;
  subscribers: number;
  /** The size that the room's reservation still counts with. */
  expectedPeers: number;
  /** What the room's reservation is on its node, before decay. */
  reserved: CapacityVector;
}

export interface EndedRoom {
  roomId: string;
  epoch: number;
  /** The most peers the room ever had, from which the next room of this name pattern is sized. */
  peakPeers: number;
}

export interface HeartbeatReply {
  /** Redis time, milliseconds. */
  nowMs: number;
  /** Rooms that live elsewhere with a higher epoch: the node drops them. */
  lostRooms: { roomId: string; nodeId: string; epoch: number }[];
  /**
   * Reported rooms whose home or epoch is not the one that the node knows. It keeps its part of them; when it is the
   * first of `nodes` it is the home itself.
   */
  homes: { roomId: string; nodes: string[]; epoch: number }[];
  /** True when the next heartbeat must list every room (a new generation, lost writes). */
  needFull: boolean;
  /** Claims on the node whose peers have not come yet, after this heartbeat; undefined for one that came too late. */
  pendingClaims?: number | undefined;
  /** What the node was told through Redis; the same command with every heartbeat. Absence takes nothing back. */
  drainCommand?: DrainCommand | undefined;
}

export interface NodeRecord {
  nodeId: string;
  release: string;
  linkAddress: string;
  state: NodeState;
  ready: boolean;
  /** False once the lease lapsed. */
  alive: boolean;
  /** Milliseconds since 1970, Redis time. */
  leaseExpiresAtMs: number;
  capacity: CapacityVector;
  /** Reported by the node + claims it has not confirmed yet. */
  committed: CapacityVector;
  measured: CapacityVector;
  load: NodeLoad;
  /** The drain that the node carries out. */
  drain?: DrainReport | undefined;
  /** While an operator's cordon or drain holds. */
  cordon?: CordonReport | undefined;
}

/** All numbers are sums over the room's nodes. */
export interface RoomRecord {
  roomId: string;
  /** Home first. */
  nodes: string[];
  epoch: number;
  peers: number;
  expectedPeers: number;
  reserved: CapacityVector;
}
