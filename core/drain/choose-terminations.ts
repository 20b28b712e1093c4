/** What it costs to end an instance now, from the node's record. */
export interface EmptyingCost {
  peers: number;
  rooms: number;
  egressBps: number;
}

export interface TerminationCandidate {
  instanceId: string;
  availabilityZone: string;
  /** Undefined: placement knows no node of it, so it carries nobody. */
  cost: EmptyingCost | undefined;
}

export interface TerminationRequest {
  /** In the order in which Auto Scaling suggested them; the tie-breaker. */
  candidates: readonly TerminationCandidate[];
  /** How many, exactly; fewer only when there are not as many candidates. */
  count: number;
  /**
   * How far apart the zones may be afterwards: the largest minus the smallest number of candidates. A choice that
   * can't keep it takes from the largest zone. @default 2
   */
  maxZoneSpread?: number;
}

/** The instances that are cheapest to empty, zones kept in balance within reason. */
export function chooseTerminations({ candidates, count, maxZoneSpread = 2 }: TerminationRequest): string[] {
  const zones = new Map<string, number>();
  for (const { availabilityZone } of candidates) {
    zones.set(availabilityZone, (zones.get(availabilityZone) ?? 0) + 1);
  }
  const left = [...candidates].sort(byCost);
  const chosen: string[] = [];
  while (chosen.length < count && left.length > 0) {
    const index = pickIndex(left, zones, maxZoneSpread);
    const [picked] = left.splice(index, 1);
    if (!picked) break;
    zones.set(picked.availabilityZone, (zones.get(picked.availabilityZone) ?? 1) - 1);
    chosen.push(picked.instanceId);
  }
  return chosen;
}

/** The cheapest one whose end keeps the balance; if none does, the cheapest of the largest zone. */
function pickIndex(
  left: readonly TerminationCandidate[],
  zones: ReadonlyMap<string, number>,
  maxZoneSpread: number,
): number {
  const sizes = [...zones.values()];
  const largest = Math.max(...sizes);
  const keepsBalance = (zone: string): boolean => {
    const after = [...zones].map(([name, size]) => (name === zone ? size - 1 : size));
    return Math.max(...after) - Math.min(...after) <= maxZoneSpread;
  };
  const balanced = left.findIndex(({ availabilityZone }) => keepsBalance(availabilityZone));
  if (balanced >= 0) return balanced;
  const ofLargest = left.findIndex(({ availabilityZone }) => zones.get(availabilityZone) === largest);
  return Math.max(0, ofLargest);
}

function byCost(a: TerminationCandidate, b: TerminationCandidate): number {
  const [x, y] = [a.cost ?? NOTHING, b.cost ?? NOTHING];
  return x.peers - y.peers || x.rooms - y.rooms || x.egressBps - y.egressBps;
}

const NOTHING: EmptyingCost = { peers: 0, rooms: 0, egressBps: 0 };
