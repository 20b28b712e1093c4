import { z } from 'zod';
import type { SelectorPolicy } from './selector-policy';

/** A {@link SelectorPolicy} as a deployment writes it. */
export const selectorPolicySchema: z.ZodType<SelectorPolicy> = z.discriminatedUnion('selector', [
  z.strictObject({ selector: z.enum(['least-egress', 'best-fit']) }),
  z.strictObject({
    selector: z.literal('livekit'),
    kind: z.enum(['any', 'cpuload', 'sysload']),
    sortBy: z.enum(['random', 'sysload', 'cpuload', 'rooms', 'clients', 'tracks', 'bytespersec']),
    algorithm: z.enum(['lowest', 'twochoice']),
    loadLimit: z.number().positive().max(100).optional(),
  }),
]);
