import type { Market } from './group-instance';

/** An instance that may be terminated. */
export interface TerminationCandidate {
  instanceId: string;
  availabilityZone: string;
  instanceType: string;
  market: Market;
  /** Of its launch template. */
  templateVersion: number;
  launchedAtMs: number;
}

export interface TerminationDemand {
  /** Those that are not protected. */
  candidates: readonly TerminationCandidate[];
  /** All that count for the balance of zones and purchase options, candidates included. */
  members: readonly Pick<TerminationCandidate, 'instanceId' | 'availabilityZone' | 'market'>[];
  count: number;
  /** How many of a total are to be on-demand; undefined in groups that have one purchase option only. */
  onDemandShare: ((total: number) => number) | undefined;
  /** Whether zones stay balanced. An instance refresh brings back what it ends, in the same zones. @default true */
  balanceZones?: boolean;
}

export interface CapacityToTerminate {
  availabilityZone: string;
  market: Market;
  capacity: number;
}

export interface TerminationSuggestion {
  capacity: CapacityToTerminate[];
  instances: TerminationCandidate[];
}

/** What the other termination policies order by. Source: user guide, "Configure termination policies". */
export type PredefinedPolicy = 'OldestInstance' | 'NewestInstance' | 'OldestLaunchTemplate' | 'Default';

/**
 * What is to end, by zone and purchase option, and who comes into question for it: the purchase option that is over its
 * share first, then the zones with the most instances.
 * Source: user guide, "Create a custom termination policy with Lambda", input data.
 */
export function suggestTerminations(demand: TerminationDemand): TerminationSuggestion {
  const suggested = new Set<TerminationCandidate>();
  const capacity: CapacityToTerminate[] = [];
  const taken = new Set<TerminationCandidate>();
  for (let step = 0; step < demand.count; step += 1) {
    const eligible = eligibleNow(demand, taken);
    const [first] = eligible;
    if (!first) break;
    for (const candidate of eligible) suggested.add(candidate);
    taken.add(first);
    const { availabilityZone, market } = first;
    const known = capacity.find(
      (entry) => entry.availabilityZone === availabilityZone && entry.market === market,
    );
    if (known) known.capacity += 1;
    else capacity.push({ availabilityZone, market, capacity: 1 });
  }
  return { capacity, instances: demand.candidates.filter((candidate) => suggested.has(candidate)) };
}

/**
 * Whom the predefined policies take: zones stay balanced, then the policies decide in their order, and the oldest
 * instance at last (the default policy's "closest to the next billing hour" and then "at random" mean nothing here).
 */
export function chooseTerminations(
  demand: TerminationDemand,
  policies: readonly PredefinedPolicy[],
): TerminationCandidate[] {
  const chosen = new Set<TerminationCandidate>();
  for (let step = 0; step < demand.count; step += 1) {
    const [next] = [...eligibleNow(demand, chosen)].sort((a, b) => compare(policies, a, b));
    if (!next) break;
    chosen.add(next);
  }
  return [...chosen];
}

/** Who may go next, when those that are taken are gone already. */
function eligibleNow(
  demand: TerminationDemand,
  taken: ReadonlySet<TerminationCandidate>,
): TerminationCandidate[] {
  const gone = new Set([...taken].map(({ instanceId }) => instanceId));
  const members = demand.members.filter(({ instanceId }) => !gone.has(instanceId));
  const left = demand.candidates.filter((candidate) => !taken.has(candidate));
  const ofMarket = inMarketOverShare(left, members, demand.onDemandShare);
  if (demand.balanceZones === false) return ofMarket;
  const perZone = new Map<string, number>();
  for (const { availabilityZone } of members) {
    perZone.set(availabilityZone, (perZone.get(availabilityZone) ?? 0) + 1);
  }
  const sizeOf = ({ availabilityZone }: TerminationCandidate) => perZone.get(availabilityZone) ?? 0;
  const largest = Math.max(...ofMarket.map(sizeOf));
  return ofMarket.filter((candidate) => sizeOf(candidate) === largest);
}

function inMarketOverShare(
  candidates: readonly TerminationCandidate[],
  members: readonly { market: Market }[],
  onDemandShare: TerminationDemand['onDemandShare'],
): TerminationCandidate[] {
  if (!onDemandShare) return [...candidates];
  const onDemand = members.filter(({ market }) => market === 'on-demand').length;
  const over: Market = onDemand > onDemandShare(members.length - 1) ? 'on-demand' : 'spot';
  const matching = candidates.filter(({ market }) => market === over);
  return matching.length > 0 ? matching : [...candidates];
}

function compare(
  policies: readonly PredefinedPolicy[],
  a: TerminationCandidate,
  b: TerminationCandidate,
): number {
  for (const policy of policies) {
    const difference = differenceBy(policy, a, b);
    if (difference !== 0) return difference;
  }
  return a.launchedAtMs - b.launchedAtMs;
}

function differenceBy(policy: PredefinedPolicy, a: TerminationCandidate, b: TerminationCandidate): number {
  switch (policy) {
    case 'OldestInstance':
      return a.launchedAtMs - b.launchedAtMs;
    case 'NewestInstance':
      return b.launchedAtMs - a.launchedAtMs;
    case 'Default':
    case 'OldestLaunchTemplate':
      return a.templateVersion - b.templateVersion;
  }
}
