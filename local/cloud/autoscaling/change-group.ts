import type { Group } from './group';
import type { GroupSettings } from './group-settings';
import { invalid } from './required';

/** Settings that differ from now on. */
export type GroupChange = Partial<Omit<GroupSettings, 'name' | 'desiredCapacity'>>;

/**
 * Without a desired capacity the old one stays as far as the new limits allow.
 * Source: API reference, UpdateAutoScalingGroup.
 * @throws ServiceError when the sizes contradict each other
 */
export function changeGroup(group: Group, change: GroupChange, desiredCapacity: number | undefined): void {
  const { state } = group;
  const settings = { ...state.settings, ...change };
  const { minSize, maxSize } = settings;
  if (minSize < 0 || !Number.isInteger(minSize) || !Number.isInteger(maxSize)) {
    invalid('MinSize and MaxSize must be whole numbers, not below zero.');
  }
  if (minSize > maxSize) invalid('Max bound, minimum bound: the max size must not be below the min size.');
  if (desiredCapacity !== undefined && (desiredCapacity < minSize || desiredCapacity > maxSize)) {
    invalid(
      `Desired capacity:${desiredCapacity} must be between the specified min size:${minSize} and max size:${maxSize}`,
    );
  }
  const desired = Math.min(maxSize, Math.max(minSize, desiredCapacity ?? state.desired));
  moveTargets(group, settings.targetGroupArns);
  state.settings = settings;
  state.setDesired(
    desired,
    `a user request update of AutoScalingGroup constraints to min: ${minSize}, max: ${maxSize}, desired: ${desired}`,
  );
  group.reconcile();
}

/** Instances in service join target groups that are attached, and leave those that are detached. */
function moveTargets({ state }: Group, now: readonly string[]): void {
  const before = state.settings.targetGroupArns;
  const { targetGroups } = state.cloud;
  for (const { instanceId } of state.inService()) {
    for (const arn of now) if (!before.includes(arn)) targetGroups.register(arn, instanceId);
    for (const arn of before) if (!now.includes(arn)) targetGroups.deregister(arn, instanceId);
  }
}
