import {
  UpdateAutoScalingGroup$,
  type UpdateAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { changeGroup, type GroupChange } from '../change-group';
import { readLaunch } from '../read-launch';
import { invalid, required } from '../required';

/** What is not given stays. Members that this does not play are refused rather than passed over. */
const PLAYED = new Set([
  'AutoScalingGroupName',
  'MinSize',
  'MaxSize',
  'DesiredCapacity',
  'LaunchTemplate',
  'MixedInstancesPolicy',
  'DefaultCooldown',
  'HealthCheckGracePeriod',
  'DefaultInstanceWarmup',
  'CapacityRebalance',
  'NewInstancesProtectedFromScaleIn',
  'TerminationPolicies',
]);

export function updateAutoScalingGroup(model: AutoScaling): Operation {
  return operation(UpdateAutoScalingGroup$, (input: UpdateAutoScalingGroupCommandInput) => {
    const group = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    const strange = Object.keys(input).filter((member) => !PLAYED.has(member));
    if (strange.length > 0) invalid(`the local cloud can not change ${strange.join(', ')} of a group`);
    const launch = input.LaunchTemplate || input.MixedInstancesPolicy ? readLaunch(input) : undefined;
    if (launch) model.cloud.launchTemplates.resolve(launch.template);
    const warmup = input.DefaultInstanceWarmup;
    const change: GroupChange = {
      ...(launch && { launch }),
      ...given('minSize', input.MinSize),
      ...given('maxSize', input.MaxSize),
      ...given('defaultCooldownSeconds', input.DefaultCooldown),
      ...given('healthCheckGracePeriodSeconds', input.HealthCheckGracePeriod),
      // -1 turns it off. Source: API reference, UpdateAutoScalingGroup.
      ...(warmup !== undefined && { defaultInstanceWarmupSeconds: warmup < 0 ? undefined : warmup }),
      ...given('capacityRebalance', input.CapacityRebalance),
      ...given('newInstancesProtectedFromScaleIn', input.NewInstancesProtectedFromScaleIn),
      ...given('terminationPolicies', input.TerminationPolicies),
    };
    changeGroup(group, change, input.DesiredCapacity);
  });
}

function given<Key extends keyof GroupChange>(
  key: Key,
  value: GroupChange[Key] | undefined,
): Partial<Pick<GroupChange, Key>> {
  return value === undefined ? {} : ({ [key]: value } as Pick<GroupChange, Key>);
}
