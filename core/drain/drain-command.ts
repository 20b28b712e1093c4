import { z } from 'zod';

/**
 * Why a node is emptied. `scale-in`, `image-roll` and `spot` are `binding`: the instance ends whatever anybody
 * wishes. `rebalance` (AWS expects a spot interruption) and `operator` can be taken back.
 */
export const DRAIN_REASONS = ['scale-in', 'image-roll', 'spot', 'rebalance', 'operator'] as const;

export type DrainReason = (typeof DRAIN_REASONS)[number];

const TAKEN_BACK: readonly DrainReason[] = ['rebalance', 'operator'];

/** Whether nobody can call the drain off any more. */
export function isBinding(reason: DrainReason): boolean {
  return !TAKEN_BACK.includes(reason);
}

/**
 * Id of the drain that a node begins by itself when its instance's metadata says that it ends. The node does not know
 * why, and so not for how long: whoever does commands anew.
 */
export function ownDrainId(instanceId: string): string {
  return `own:${instanceId}`;
}

export function isOwnDrain({ commandId }: { commandId: string }): boolean {
  return commandId.startsWith('own:');
}

/** Empty the node by then. A node owns its state: it carries the command out and reports how far it is. */
export const drainCommandSchema = z.object({
  /** The same command sent again has the same id, and changes nothing. */
  commandId: z.string().min(1).max(200),
  reason: z.enum(DRAIN_REASONS),
  /** Milliseconds since 1970. Of two commands the one that was issued later counts. */
  issuedAtMs: z.number().int().nonnegative(),
  /** Milliseconds since 1970. A node that still has peers then reports that the drain failed; it cuts nobody off. */
  deadlineAtMs: z.number().int().nonnegative(),
});

export type DrainCommand = z.infer<typeof drainCommandSchema>;

/** The command as Redis keeps it for its node, see `drainCommands` in core/redis-keys.ts. */
const drainRecordSchema = drainCommandSchema.extend({
  /** Version of the record: a release reads those of its neighbours. */
  v: z.literal(1),
  /** For the script that writes records: a binding command takes the place of one that is not. */
  binding: z.boolean(),
});

export function packDrainCommand(command: DrainCommand): string {
  const { commandId, reason, issuedAtMs, deadlineAtMs } = command;
  return JSON.stringify({
    v: 1,
    commandId,
    reason,
    issuedAtMs,
    deadlineAtMs,
    binding: isBinding(reason),
  } satisfies z.infer<typeof drainRecordSchema>);
}

/** Undefined for what no release that we know writes. */
export function unpackDrainCommand(text: string): DrainCommand | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = drainRecordSchema.safeParse(raw);
  return parsed.success ? drainCommandSchema.parse(parsed.data) : undefined;
}
