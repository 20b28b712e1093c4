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
  transports: z.number().int().nonnegative(),
  producers: z.number().int().nonnegative(),
  consumers: z.number().int().nonnegative(),
  dataProducers: z.number().int().nonnegative(),
  dataConsumers: z.number().int().nonnegative(),
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
});

export type RoomDetail = z.infer<typeof roomDetailSchema>;
