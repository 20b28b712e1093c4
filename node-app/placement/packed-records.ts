import { z } from 'zod';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import { addVector, ZERO_VECTOR } from '../../core/capacity/headroom';
import { drainReportSchema } from '../../core/drain/drain-report';
import { NODE_STATES, type NodeState } from '../../core/node-state';
import { cordonReportSchema } from '../../core/placement/cordon-report';
import { unpackNode } from '../../core/placement/packed-node';
import type { EndedRoom, NodeRecord, RoomRecord, RoomReport } from '../../core/placement/placement-port';

// The packed records of core/placement/commands/includes, seen from this side.

/** Little-endian doubles, as the scripts read them with struct.unpack. */
export function packDoubles(values: readonly number[], suffix = ''): Buffer {
  const tail = Buffer.from(suffix, 'utf8');
  const buffer = Buffer.allocUnsafe(values.length * 8 + tail.length);
  for (let i = 0; i < values.length; i += 1) buffer.writeDoubleLE(values[i] ?? 0, i * 8);
  tail.copy(buffer, values.length * 8);
  return buffer;
}

function readDouble(buffer: Buffer, index: number): number {
  return buffer.readDoubleLE(index * 8);
}

function readVector(buffer: Buffer, index: number): CapacityVector {
  return { egressBps: readDouble(buffer, index), packetsPerSecond: readDouble(buffer, index + 1) };
}

export function packRoomReport(room: RoomReport): Buffer {
  const { epoch, homeNodeId = '', peers, publishers, subscribers, expectedPeers, reserved } = room;
  return packDoubles(
    [epoch, peers, publishers, subscribers, expectedPeers, reserved.egressBps, reserved.packetsPerSecond],
    `${homeNodeId}\0${room.roomId}`,
  );
}

export function packEndedRoom(room: EndedRoom): Buffer {
  return packDoubles([room.epoch, room.peakPeers], room.roomId);
}

const vectorSchema = z.object({ egressBps: z.number(), packetsPerSecond: z.number() });

/** What the scripts carry for a node without reading it. */
const nodeInfoSchema = z.object({
  /** Version of the record: a release reads those of its neighbours. */
  v: z.literal(1),
  release: z.string(),
  committed: vectorSchema,
  measured: vectorSchema,
  drain: drainReportSchema.optional(),
  cordon: cordonReportSchema.optional(),
});

type NodeInfo = z.infer<typeof nodeInfoSchema>;

export function packNodeInfo(info: Omit<NodeInfo, 'v'>): string {
  return JSON.stringify({ v: 1, ...info } satisfies NodeInfo);
}

const ROOM_BYTES = 72;

export function stateIndex(state: NodeState): number {
  return NODE_STATES.indexOf(state);
}

/** @throws z.ZodError on a record that no known release writes */
export function unpackNodeRecord(
  nodeId: string,
  packed: Buffer,
  info: Buffer | null,
  nowMs: number,
): NodeRecord {
  const { used, pending, ...node } = unpackNode(packed);
  const parsed = info ? nodeInfoSchema.parse(JSON.parse(info.toString('utf8'))) : undefined;
  return {
    ...node,
    nodeId,
    release: parsed?.release ?? '',
    alive: node.leaseExpiresAtMs > nowMs,
    committed: addVector(parsed?.committed ?? used, pending),
    measured: parsed?.measured ?? ZERO_VECTOR,
    drain: parsed?.drain,
    cordon: parsed?.cordon,
  };
}

export function unpackRoomRecord(roomId: string, packed: Buffer): RoomRecord {
  return {
    roomId,
    nodes: packed.toString('utf8', ROOM_BYTES).split('\n'),
    epoch: readDouble(packed, 0),
    peers: readDouble(packed, 3),
    expectedPeers: readDouble(packed, 7),
    reserved: readVector(packed, 1),
  };
}

/** The room with what its further nodes hold of it added. A part that is missing counts for nothing. */
export function addParts(room: RoomRecord, parts: readonly (Buffer | null)[]): RoomRecord {
  return parts
    .filter((part) => part !== null)
    .reduce(
      (sum, part) => ({
        ...sum,
        peers: sum.peers + readDouble(part, 3),
        expectedPeers: sum.expectedPeers + readDouble(part, 7),
        reserved: addVector(sum.reserved, readVector(part, 1)),
      }),
      room,
    );
}
