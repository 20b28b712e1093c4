import { z } from 'zod';
import { drainCommandSchema } from '../drain/drain-command';
import { drainReportSchema } from '../drain/drain-report';
import { NODE_STATES } from '../node-state';
import { cordonReportSchema } from '../placement/cordon-report';
import type { HeartbeatReply, NodeHeartbeat } from '../placement/placement-port';

/** A heartbeat, and the answer to it, as one node passes them on for another that does not reach Redis. */

const vector = z.object({ egressBps: z.number(), packetsPerSecond: z.number() });
const nodeId = z.string().max(128);
const roomId = z.string().min(1).max(256);

export const nodeHeartbeatSchema = z.object({
  nodeId,
  release: z.string().max(64),
  linkAddress: z.string().max(256),
  state: z.enum(NODE_STATES),
  ready: z.boolean(),
  isMoving: z.boolean().optional(),
  cascades: z.boolean(),
  capacity: vector,
  committed: vector,
  measured: vector,
  load: z.object({
    cpuLoad: z.number(),
    sysLoad: z.number(),
    rooms: z.number(),
    clients: z.number(),
    tracks: z.number(),
    bytesPerSecond: z.number(),
  }),
  drain: drainReportSchema.optional(),
  cordon: cordonReportSchema.optional(),
  seenClaims: z.array(z.number()),
  rooms: z.array(
    z.object({
      roomId,
      epoch: z.number(),
      homeNodeId: nodeId.optional(),
      peers: z.number(),
      publishers: z.number(),
      subscribers: z.number(),
      expectedPeers: z.number(),
      reserved: vector,
    }),
  ),
  endedRooms: z.array(z.object({ roomId, epoch: z.number(), peakPeers: z.number() })),
  full: z.boolean(),
  heartbeatSeq: z.number(),
  acknowledgedSeq: z.number(),
}) satisfies z.ZodType<NodeHeartbeat>;

export const heartbeatReplySchema = z.object({
  nowMs: z.number(),
  lostRooms: z.array(z.object({ roomId, nodeId, epoch: z.number() })),
  homes: z.array(z.object({ roomId, nodes: z.array(nodeId), epoch: z.number() })),
  needFull: z.boolean(),
  pendingClaims: z.number().optional(),
  drainCommand: drainCommandSchema.optional(),
}) satisfies z.ZodType<HeartbeatReply>;
