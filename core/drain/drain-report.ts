import { z } from 'zod';
import { DRAIN_REASONS } from './drain-command';

/** How far a drain is. All numbers are of what is left, but for `moved`. */
export const drainProgressSchema = z.object({
  /** `waiting` for rooms to end by themselves, or `moving` peers to other nodes. */
  phase: z.enum(['waiting', 'moving']),
  rooms: z.number(),
  peers: z.number(),
  /** Peers that were told to go to another node. */
  moved: z.number(),
  /** When the node is expected to be empty if others have capacity, milliseconds since 1970. */
  etaAtMs: z.number(),
});

export type DrainProgress = z.infer<typeof drainProgressSchema>;

/** What a node says about the drain that it carries out. */
export const drainReportSchema = z.object({
  commandId: z.string(),
  reason: z.enum(DRAIN_REASONS),
  /** Milliseconds since 1970. */
  issuedAtMs: z.number(),
  /** Milliseconds since 1970. */
  deadlineAtMs: z.number(),
  /** True once the deadline has passed with rooms or peers left. The drain goes on nevertheless. */
  failed: z.boolean(),
  /** As of its last step, at most half a minute ago while it waits. Absent before the first, and from older releases. */
  progress: drainProgressSchema.optional(),
});

export type DrainReport = z.infer<typeof drainReportSchema>;
