import { z } from 'zod';

const nodeId = z.string().min(1).max(256);
const reason = z.string().max(500).optional();

/** What the console can do to a local fleet: the payload of each control, by name. */
export const consoleControlSchemas = {
  /** Rooms of synthetic peers, each of which publishes unless `publishers` says how many do. */
  'add-load': z
    .strictObject({
      rooms: z.number().int().min(1).max(100).default(1),
      peersPerRoom: z.number().int().min(2).max(100).default(4),
      publishers: z.number().int().min(0).max(100).optional(),
      /** Of each publisher. */
      bitrateBps: z.number().int().min(10_000).max(50_000_000).optional(),
    })
    .refine(({ publishers = 0, peersPerRoom }) => publishers <= peersPerRoom, {
      message: 'there can not be more publishers than peers',
      path: ['publishers'],
    }),
  /** Ends that many of its rooms. @default all */
  'remove-load': z.strictObject({ rooms: z.number().int().min(1).max(10_000).optional() }),
  cordon: z.strictObject({ nodeId, reason }),
  uncordon: z.strictObject({ nodeId }),
  drain: z.strictObject({ nodeId, deadlineMinutes: z.number().int().min(1).max(2_880).default(30), reason }),
  'kill-node': z.strictObject({ nodeId }),
  'cut-redis': z.strictObject({}),
  'restore-redis': z.strictObject({}),
  'set-desired-capacity': z.strictObject({ desired: z.number().int().min(0).max(1_000) }),
  'interrupt-spot': z.strictObject({ instanceId: z.string().min(1).max(256) }),
} as const;

export type ConsoleControlName = keyof typeof consoleControlSchemas;

export const CONSOLE_CONTROL_NAMES = Object.keys(consoleControlSchemas) as [
  ConsoleControlName,
  ...ConsoleControlName[],
];

/** As the page sends it. */
export type ConsoleControlInput<N extends ConsoleControlName = ConsoleControlName> = z.input<
  (typeof consoleControlSchemas)[N]
>;

/** A control with its payload, validated. */
export type ConsoleControl = {
  [N in ConsoleControlName]: { name: N; payload: z.output<(typeof consoleControlSchemas)[N]> };
}[ConsoleControlName];

export function isConsoleControlName(name: string): name is ConsoleControlName {
  return Object.hasOwn(consoleControlSchemas, name);
}
