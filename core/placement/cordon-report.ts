import { z } from 'zod';

/** Since when a node takes no new rooms because somebody said so, and why. */
export const cordonReportSchema = z.object({
  /** In the operator's words. */
  reason: z.string().optional(),
  /** Milliseconds since 1970, on the node's clock. */
  sinceMs: z.number(),
});

export type CordonReport = z.infer<typeof cordonReportSchema>;
