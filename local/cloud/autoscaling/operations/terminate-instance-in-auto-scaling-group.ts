import {
  TerminateInstanceInAutoScalingGroup$,
  type TerminateInstanceInAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { invalid, required } from '../required';
import { activityView } from '../views/activity-view';

/** Also ends retained instances, and those that are protected from scaling in. */
export function terminateInstanceInAutoScalingGroup(model: AutoScaling): Operation {
  return operation(
    TerminateInstanceInAutoScalingGroup$,
    (input: TerminateInstanceInAutoScalingGroupCommandInput) => {
      const { group, instance } = model.instance(required(input.InstanceId, 'InstanceId'));
      const decrement = required(input.ShouldDecrementDesiredCapacity, 'ShouldDecrementDesiredCapacity');
      const { desired, settings } = group.state;
      // How the service words this is not documented.
      if (instance.isTerminating) {
        invalid(
          `The instance ${instance.instanceId} is not in a valid state to be terminated: ${instance.state}`,
        );
      }
      if (decrement && instance.isMember && desired <= settings.minSize) {
        invalid(
          `Currently, desiredSize equals minSize (${settings.minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
        );
      }
      const activity = group.terminateInstance(instance, decrement);
      return { Activity: activity && activityView(activity, group.state) };
    },
  );
}
