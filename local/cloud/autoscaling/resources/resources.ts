import type { ResourceType } from '../../ports/resource-type';
import type { AutoScaling } from '../auto-scaling';
import { autoScalingGroupResource } from './auto-scaling-group';
import { scalingPolicyResource } from './scaling-policy';
import { scheduledActionResource } from './scheduled-action';
import { warmPoolResource } from './warm-pool';

/** All types of resources that Auto Scaling plays. */
export function autoScalingResources(model: AutoScaling): ResourceType[] {
  return [
    autoScalingGroupResource(model),
    scalingPolicyResource(model),
    scheduledActionResource(model),
    warmPoolResource(model),
  ];
}
