import { z } from 'zod';

export const SELECTOR_KINDS = ['any', 'cpuload', 'sysload'] as const;
export const SORT_KEYS = [
  'random',
  'sysload',
  'cpuload',
  'rooms',
  'clients',
  'tracks',
  'bytespersec',
] as const;
export const SELECTOR_ALGORITHMS = ['lowest', 'twochoice'] as const;

/** LiveKit's own default for `sysload_limit` and `cpu_load_limit`. */
export const DEFAULT_LOAD_LIMIT = 0.9;

/**
 * How placement ranks nodes for a new room. Capacity limits hold in all of them: a node that is full,
 * cordoned, draining, unready or silent is never chosen.
 */
export type SelectorPolicy =
  | {
      /** `least-egress`: spread by egress headroom. `best-fit`: pack, so that scale-in finds empty nodes. */
      selector: 'least-egress' | 'best-fit';
    }
  | {
      /** LiveKit's and OpenVidu's selectors. */
      selector: 'livekit';
      /** `cpuload`/`sysload` leave out nodes above `loadLimit` first. */
      kind: (typeof SELECTOR_KINDS)[number];
      sortBy: (typeof SORT_KEYS)[number];
      /** `twochoice`: the better of two nodes drawn at random. */
      algorithm: (typeof SELECTOR_ALGORITHMS)[number];
      /** For kinds `cpuload` and `sysload`. @default 0.9 (LiveKit's default) */
      loadLimit?: number;
    };

/** The `selector` section of the configuration. Unknown keys are errors. */
export const selectorPolicySchema: z.ZodType<SelectorPolicy> = z.discriminatedUnion('selector', [
  z.strictObject({ selector: z.literal('least-egress') }),
  z.strictObject({ selector: z.literal('best-fit') }),
  z.strictObject({
    selector: z.literal('livekit'),
    kind: z.enum(SELECTOR_KINDS).default('any'),
    sortBy: z.enum(SORT_KEYS).default('random'),
    algorithm: z.enum(SELECTOR_ALGORITHMS).default('lowest'),
    loadLimit: z.number().positive().max(100).optional(),
  }),
]);

/** Spread by egress headroom. */
export const DEFAULT_SELECTOR_POLICY: SelectorPolicy = { selector: 'least-egress' };

/**
 * Reads a policy from configuration text: one of the plain names (`least-egress`, `best-fit`), or a JSON
 * object for the others. @throws z.ZodError, which names the wrong key
 */
export function parseSelectorPolicy(text: string): SelectorPolicy {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return selectorPolicySchema.parse({ selector: trimmed });
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch (error) {
    throw new z.ZodError([
      { code: 'custom', path: [], message: `not JSON: ${(error as Error).message}`, input: trimmed },
    ]);
  }
  return selectorPolicySchema.parse(value);
}
