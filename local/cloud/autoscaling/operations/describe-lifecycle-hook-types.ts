import { DescribeLifecycleHookTypes$ } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';

export function describeLifecycleHookTypes(): Operation {
  return operation(DescribeLifecycleHookTypes$, () => ({
    LifecycleHookTypes: ['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING'],
  }));
}
