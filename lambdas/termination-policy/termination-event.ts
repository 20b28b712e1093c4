/** What Auto Scaling asks a custom termination policy. Source: its user guide, "Create a custom termination policy". */
export interface TerminationEvent {
  /** `SCALE_IN`, `INSTANCE_REFRESH`, `MAX_INSTANCE_LIFETIME`, `REBALANCE`, or what comes after this was written. */
  cause: string;
  /** Whom Auto Scaling suggests, in its order. */
  instances: SuggestedInstance[];
  /** How many are to end, by purchase option (`on-demand`, `spot`). */
  capacity: { market: string; count: number }[];
}

export interface SuggestedInstance {
  instanceId: string;
  availabilityZone: string;
  market: string;
}

/** Read by hand: a schema library would cost a cold start more than it saves. What doesn't fit is left out. */
export function readTerminationEvent(event: unknown): TerminationEvent {
  const raw = asRecord(event);
  const instances = asList(raw['Instances']).flatMap((instance) => {
    const instanceId = instance['InstanceId'];
    if (typeof instanceId !== 'string' || instanceId === '') return [];
    return [{ instanceId, availabilityZone: text(instance['AvailabilityZone']), market: marketOf(instance) }];
  });
  const counts = new Map<string, number>();
  for (const entry of asList(raw['CapacityToTerminate'])) {
    const count = entry['Capacity'];
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count <= 0) continue;
    counts.set(marketOf(entry), (counts.get(marketOf(entry)) ?? 0) + count);
  }
  const capacity = [...counts].map(([market, count]) => ({ market, count }));
  return { cause: text(raw['Cause']), instances, capacity };
}

function marketOf(entry: Record<string, unknown>): string {
  return text(entry['InstanceMarketOption']) || 'on-demand';
}

function asList(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(asRecord) : [];
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
