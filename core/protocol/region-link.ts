import { z } from 'zod';

/**
 * How the regions of a fleet learn that they hold the same room: the room's home in each region says so, every second, to
 * the region that keeps the room's directory, over a link to any node of it (`regionPresence`).
 */

/** Between two messages, milliseconds. */
export const PRESENCE_INTERVAL_MS = 1_000;

/** A region that has not spoken for so long holds the room no longer, milliseconds. Counted by the directory. */
export const PRESENCE_LEASE_MS = 3_000;

/** Rooms in one message: a millisecond of the directory's Redis. */
export const MAX_PRESENCE_ROOMS = 200;

const region = z.string().regex(/^[\w.-]{1,64}$/);
const nodeId = z.string().regex(/^[\w.:-]{1,128}$/);
const roomId = z.string().min(1).max(256);
const number = z.number().int().nonnegative();

export const presenceSchema = z.object({
  region,
  /** Rises with each message of the node, also over its restarts. */
  seq: number,
  held: z
    .array(
      z.object({
        roomId,
        /** Of the room in that region. */
        epoch: number,
        /** For how long the region has been the room's root by its own count, milliseconds; 0: it isn't. */
        rootForMs: number,
      }),
    )
    .max(MAX_PRESENCE_ROOMS),
  /** Rooms that have ended in that region, or whose home there is another node. */
  left: z.array(z.object({ roomId, epoch: number })).max(MAX_PRESENCE_ROOMS),
});

export const presenceAnswerSchema = z.object({
  /** Of the rooms that are held. */
  roots: z.array(z.object({ roomId, region, nodeId })),
});

export type Presence = z.infer<typeof presenceSchema>;
export type PresenceAnswer = z.infer<typeof presenceAnswerSchema>;
export type RegionRoot = PresenceAnswer['roots'][number];
