import {
  decideInstance,
  type GroupFacts,
  type InstanceDecision,
  type InstanceFacts,
} from './decide-instance';

/**
 * Decides for several instances of one group. When more than half of the instances in service would be replaced at
 * once, none is: it is then more likely that they can't reach placement than that they are dead, and calls go on.
 */
export function decideGroup(
  instances: readonly InstanceFacts[],
  group: GroupFacts,
): Map<string, InstanceDecision> {
  const decisions = new Map(
    instances.map((instance) => [instance.instanceId, decideInstance(instance, group)] as const),
  );
  const replaced = [...decisions].filter(([, { actions }]) =>
    actions.some(({ kind }) => kind === 'markUnhealthy'),
  );
  const inService = instances.filter(({ lifecycleState }) => lifecycleState === 'InService').length;
  if (replaced.length > Math.max(1, inService / 2)) {
    for (const [instanceId] of replaced) {
      decisions.set(instanceId, {
        actions: [],
        because: `${replaced.length} of ${inService} seem gone at once: none is replaced`,
      });
    }
  }
  return decisions;
}
