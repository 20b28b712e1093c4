import { SetDesiredCapacity$, type SetDesiredCapacityCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import type { AutoScaling } from '../auto-scaling';
import { invalid, required } from '../required';

export function setDesiredCapacity(model: AutoScaling): Operation {
  return operation(SetDesiredCapacity$, (input: SetDesiredCapacityCommandInput) => {
    const group = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    const desired = required(input.DesiredCapacity, 'DesiredCapacity');
    const { settings, cloud } = group.state;
    if (!Number.isInteger(desired)) invalid('DesiredCapacity must be a whole number.');
    if (desired > settings.maxSize) {
      invalid(
        `New SetDesiredCapacity value ${desired} is above max value ${settings.maxSize} for the AutoScalingGroup.`,
      );
    }
    if (desired < settings.minSize) {
      invalid(
        `New SetDesiredCapacity value ${desired} is below min value ${settings.minSize} for the AutoScalingGroup.`,
      );
    }
    const nowMs = cloud.clock.monotonicMs();
    // Step scaling neither heeds nor begins cooldowns: only what is done by hand counts here.
    if (input.HonorCooldown && nowMs < group.scaledByHandAtMs + settings.defaultCooldownSeconds * 1_000) {
      throw new ServiceError(
        'ScalingActivityInProgress',
        `Scaling activity is in progress or cooling down and blocks this action`,
      );
    }
    if (desired !== group.state.desired) group.scaledByHandAtMs = nowMs;
    group.state.setDesired(desired, 'a user request explicitly set group desired capacity');
    group.reconcile();
  });
}
