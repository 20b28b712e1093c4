import { chooseTerminations, type TerminationCandidate } from '../../core/drain/choose-terminations';
import type { CostView } from './cost-store';
import type { TerminationEvent } from './termination-event';

/**
 * The ids to answer: exactly as many as asked for, of each purchase option, if there are as many. Without a view of
 * the costs they are those that Auto Scaling suggests.
 */
export function chooseInstances(event: TerminationEvent, view: CostView | undefined): string[] {
  // It would only move calls from zone to zone.
  if (event.cause === 'REBALANCE') return [];
  return event.capacity.flatMap(({ market, count }) => {
    const suggested = event.instances.filter((instance) => instance.market === market);
    if (!view) return suggested.slice(0, count).map(({ instanceId }) => instanceId);
    const isScaleIn = event.cause === 'SCALE_IN';
    const candidates = isScaleIn ? widen(suggested, view) : suggested;
    return chooseTerminations({
      candidates: candidates.map(({ instanceId, availabilityZone }) => ({
        instanceId,
        availabilityZone,
        cost: view.costs.get(instanceId),
      })),
      count,
      // Whom a refresh replaces comes back in the same zone.
      maxZoneSpread: isScaleIn ? undefined : Number.POSITIVE_INFINITY,
    });
  });
}

/**
 * Anybody in service may go when the group shrinks, not only whom Auto Scaling suggests. In a group of on-demand and
 * spot instances only its suggestions are known to keep the shares.
 */
function widen(
  suggested: readonly Pick<TerminationCandidate, 'instanceId' | 'availabilityZone'>[],
  { inventory, leaving }: CostView,
): readonly Pick<TerminationCandidate, 'instanceId' | 'availabilityZone'>[] {
  if (!inventory || inventory.isMixed) return suggested;
  const known = new Set(suggested.map(({ instanceId }) => instanceId));
  const others = inventory.instances.filter(
    ({ instanceId }) => !known.has(instanceId) && !leaving.has(instanceId),
  );
  return [...suggested, ...others];
}
