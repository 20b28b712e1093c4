import { z } from 'zod';
import { DRAIN_REASONS } from './drain-command';

/** What a node says about the drain that it carries out; its peers and rooms stand in its load. */
export const drainReportSchema = z.object({
  commandId: z.string(),
  reason: z.enum(DRAIN_REASONS),
  /** Milliseconds since 1970. */
  issuedAtMs: z.number(),
  /** Milliseconds since 1970. */
  deadlineAtMs: z.number(),
  /** True once the deadline has passed with rooms or peers left. The drain goes on nevertheless. */
  failed: z.boolean(),
});

export type DrainReport = z.infer<typeof drainReportSchema>;
