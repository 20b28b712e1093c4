import type { ConsoleEvent, ConsoleNode, ConsoleRoom, ConsoleState } from './console';
import { poolUse } from './console-pool';

interface Vector {
  egressBps: number;
  packetsPerSecond: number;
}

/** What is read of `GET /v1/nodes` (docs/api.md). */
export interface OperatorNode {
  nodeId: string;
  release: string;
  state: NonNullable<ConsoleNode['state']>;
  ready: boolean;
  alive: boolean;
  capacity: Vector;
  committed: Vector;
  measured: Vector;
  load: { rooms: number; clients: number };
  drain?: { reason: NonNullable<ConsoleNode['drain']>['reason']; deadlineAtMs: number; failed: boolean };
  cordon?: { reason?: string; sinceMs: number };
}

/** What is read of `GET /v1/rooms`. */
export interface OperatorRoom {
  roomId: string;
  nodes: string[];
  peers: number;
  reserved: Vector;
}

/** `GET /v1/events`. */
export type OperatorEvent = { id: string; atMs: number } & (
  | { kind: 'no-capacity'; roomId: string; nodeId: string }
  | { kind: 'room-moved'; roomId: string; fromNodeId: string; nodeId: string }
  | { kind: 'generation-began'; nodeId: string }
);

/** The console's state as far as the operator API knows it. */
export function stateFromOperatorApi(answers: {
  nowMs: number;
  nodes: readonly OperatorNode[];
  rooms: readonly OperatorRoom[];
  /** The page of rooms was not the last. */
  moreRooms: boolean;
}): ConsoleState {
  const { nowMs, rooms, moreRooms } = answers;
  const nodes = answers.nodes.map(describeNode);
  const onNodes = nodes.reduce((sum, node) => sum + node.rooms, 0);
  return {
    mode: 'fleet',
    release: answers.nodes
      .map(({ release }) => release)
      .sort(byRelease)
      .at(-1),
    nowMs,
    nodes,
    rooms: {
      list: rooms.map(describeRoom),
      total: moreRooms ? Math.max(onNodes, rooms.length) : rooms.length,
    },
    pool: poolUse(nodes),
  };
}

/** An event in words; `sequence` is the page's own. */
export function describeOperatorEvent(event: OperatorEvent, sequence: number): ConsoleEvent {
  const { kind, atMs } = event;
  switch (kind) {
    case 'no-capacity': {
      const where = event.nodeId === '' ? 'no node had headroom' : `${event.nodeId} is full`;
      return { sequence, atMs, kind, tone: 'bad', text: `A join of ${event.roomId} was refused: ${where}` };
    }
    case 'room-moved': {
      const text = `${event.roomId} moved from ${event.fromNodeId} to ${event.nodeId}`;
      return { sequence, atMs, kind, tone: 'warning', text };
    }
    case 'generation-began': {
      const text = `Redis came back without its newest data; ${event.nodeId} and the others assert their rooms`;
      return { sequence, atMs, kind, tone: 'warning', text };
    }
  }
}

const byRelease = new Intl.Collator('en', { numeric: true }).compare;

function describeNode(node: OperatorNode): ConsoleNode {
  const { nodeId, state, alive, ready, release, capacity, committed, measured, load, drain, cordon } = node;
  return {
    ...{ nodeId, state, alive, ready, release },
    sinceMs: cordon?.sinceMs,
    cordonReason: cordon?.reason,
    egressBps: measured.egressBps,
    committedEgressBps: committed.egressBps,
    safeEgressBps: capacity.egressBps,
    packetsPerSecond: measured.packetsPerSecond,
    committedPacketsPerSecond: committed.packetsPerSecond,
    safePacketsPerSecond: capacity.packetsPerSecond,
    rooms: load.rooms,
    peers: load.clients,
    drain: drain && {
      reason: drain.reason,
      deadlineAtMs: drain.deadlineAtMs,
      failed: drain.failed,
      remainingRooms: load.rooms,
      remainingPeers: load.clients,
    },
  };
}

function describeRoom({ roomId, nodes, peers, reserved }: OperatorRoom): ConsoleRoom {
  return { roomId, nodeIds: nodes, peers, egressBps: reserved.egressBps };
}
