/**
 * The Auto Scaling Group as the last sweep saw it, kept in Redis for the termination policy, which has no time to
 * ask Auto Scaling itself.
 */
export interface GroupInventory {
  /** Version of the record. */
  v: 1;
  /** When it was seen, milliseconds since 1970. */
  atMs: number;
  /** Whether the group mixes on-demand and spot instances, whose shares Auto Scaling keeps. */
  isMixed: boolean;
  /** Those that the group may end: in service, not protected from scale-in. */
  instances: { instanceId: string; availabilityZone: string }[];
}

/** Older than this it says nothing, milliseconds: a few missed sweeps. */
const INVENTORY_LIFE_MS = 5 * 60_000;

/** Undefined when there is none, or it is outdated or of another release. */
export function readInventory(text: string | null, nowMs: number): GroupInventory | undefined {
  if (text === null) return undefined;
  try {
    const raw = JSON.parse(text) as Partial<GroupInventory> | null;
    if (raw?.v !== 1 || typeof raw.atMs !== 'number' || !Array.isArray(raw.instances)) return undefined;
    if (nowMs - raw.atMs > INVENTORY_LIFE_MS) return undefined;
    const instances = raw.instances.filter(
      (instance) => typeof instance?.instanceId === 'string' && typeof instance.availabilityZone === 'string',
    );
    return { v: 1, atMs: raw.atMs, isMixed: raw.isMixed === true, instances };
  } catch {
    return undefined;
  }
}
