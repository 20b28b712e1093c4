import { SetInstanceHealth$, type SetInstanceHealthCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { invalid, required } from '../required';

/**
 * Within the grace period after it came into service nothing changes, unless the caller says so.
 * Source: API reference, ShouldRespectGracePeriod.
 */
export function setInstanceHealth(model: AutoScaling): Operation {
  return operation(SetInstanceHealth$, (input: SetInstanceHealthCommandInput) => {
    const { group, instance } = model.instance(required(input.InstanceId, 'InstanceId'));
    const status = required(input.HealthStatus, 'HealthStatus');
    if (status !== 'Healthy' && status !== 'Unhealthy') {
      invalid('Health Status can only be set to Healthy or Unhealthy');
    }
    const { settings, cloud } = group.state;
    const respects = input.ShouldRespectGracePeriod ?? true;
    const isOver = instance.isWarmedUp(settings.healthCheckGracePeriodSeconds, cloud.clock.nowMs());
    if (status === 'Unhealthy' && respects && !isOver) return;
    instance.isHealthy = status === 'Healthy';
    group.reconcile();
  });
}
