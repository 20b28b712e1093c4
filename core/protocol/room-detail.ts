import { z } from 'zod';

/** What a media node knows about one of its peers, for the operator. Never media or messages. */
const peerDetailSchema = z.object({
  peerId: z.string(),
  /** As the peer calls itself; absent until it has joined. */
  displayName: z.string().optional(),
  /** Milliseconds since 1970. */
  joinedAtMs: z.number().optional(),
  /** True while the peer's connection is lost and its grace period runs. */
  detached: z.boolean().optional(),
  /** Number of the worker on which its media is. */
  worker: z.number().int().nonnegative().optional(),
  transports: z.number().int().nonnegative(),
  producers: z.number().int().nonnegative(),
  consumers: z.number().int().nonnegative(),
  dataProducers: z.number().int().nonnegative(),
  dataConsumers: z.number().int().nonnegative(),
});

/** What one router of a room gets from another for its peers: between workers of the node, or from node to node. */
const pipeDetailSchema = z.object({
  /** Absent when it is on another node. */
  fromWorker: z.number().int().nonnegative().optional(),
  /** Absent when it is on another node. */
  toWorker: z.number().int().nonnegative().optional(),
  /** The other node, when it comes from one. */
  fromNode: z.string().optional(),
  /** The other node, when it goes to one. */
  toNode: z.string().optional(),
  /** Measured at this node's end. */
  bitrateBps: z.number().nonnegative().optional(),
  /** By RTCP; absent until a report came. */
  rttMs: z.number().nonnegative().optional(),
  /** Share of the packets that were lost lately, before repair, 0 to 1. */
  lossRatio: z.number().min(0).max(1).optional(),
  producers: z.array(
    z.object({
      producerId: z.string(),
      kind: z.enum(['audio', 'video']),
      /** The layers of a simulcast or SVC stream that cross at present; absent where a stream crosses whole. */
      spatialLayers: z.array(z.number().int().nonnegative()).optional(),
      /** The highest temporal layer that crosses of each of them; absent when all do. */
      temporalLayer: z.number().int().nonnegative().optional(),
    }),
  ),
});

/** The answer to `describeRoom`: a room as the node that carries its media sees it. */
export const roomDetailSchema = z.object({
  roomId: z.string(),
  epoch: z.number(),
  /** Milliseconds since 1970. */
  createdAtMs: z.number().optional(),
  /** Outbound media of this room on this node, measured, bits per second. */
  egressBps: z.number().nonnegative(),
  /** Measured. */
  packetsPerSecond: z.number().nonnegative().optional(),
  peers: z.array(peerDetailSchema),
  /** Empty while the room is on one worker of one node. */
  pipes: z.array(pipeDetailSchema).optional(),
  /** Where the room is held, of a fleet with several regions; this node's region first. */
  regions: z
    .array(
      z.object({
        region: z.string(),
        /** Of the room, as far as this node knows them. */
        nodes: z.array(z.string()),
        /** The home of this region is the one that the others have joined; only the homes know. */
        isRoot: z.boolean().optional(),
      }),
    )
    .optional(),
});

export type PipeDetail = z.infer<typeof pipeDetailSchema>;

export type RoomDetail = z.infer<typeof roomDetailSchema>;
