import type { CapacityVector } from '../capacity/capacity-vector';
import { NODE_STATES, type NodeState } from '../node-state';
import type { NodeLoad } from './placement-port';

// The packed node record of commands/includes/node-layout.lua, for everybody who reads it outside the scripts.

/** Doubles of the record, before the link address. */
const NODE_BYTES = 176;

/** What the scripts know of a node. */
export interface PackedNode {
  /** Milliseconds since 1970, Redis time. */
  leaseExpiresAtMs: number;
  state: NodeState;
  ready: boolean;
  capacity: CapacityVector;
  /** max(committed, measured), as the node reported it. */
  used: CapacityVector;
  /** Of claims that the node has not confirmed yet. */
  pending: CapacityVector;
  /** Rooms, clients and tracks of unconfirmed claims are counted in. */
  load: NodeLoad;
  linkAddress: string;
}

/** A record that is too short is of no known release: everything in it reads as 0, its lease too. */
export function unpackNode(packed: Uint8Array): PackedNode {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const read = (index: number): number =>
    packed.byteLength >= NODE_BYTES ? view.getFloat64(index * 8, true) : 0;
  const readVector = (index: number): CapacityVector => ({
    egressBps: read(index),
    packetsPerSecond: read(index + 1),
  });
  return {
    leaseExpiresAtMs: read(0),
    state: NODE_STATES[read(1)] ?? 'DRAINED',
    ready: read(2) === 1,
    capacity: readVector(3),
    used: readVector(5),
    pending: readVector(15),
    load: {
      cpuLoad: read(7),
      sysLoad: read(8),
      rooms: read(9) + read(17),
      clients: read(10) + read(18),
      tracks: read(11) + read(19),
      bytesPerSecond: read(12),
    },
    linkAddress: new TextDecoder().decode(packed.subarray(NODE_BYTES)),
  };
}
