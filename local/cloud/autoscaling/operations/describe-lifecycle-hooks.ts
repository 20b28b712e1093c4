import {
  DescribeLifecycleHooks$,
  type DescribeLifecycleHooksCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { required } from '../required';
import { lifecycleHookView } from '../views/lifecycle-hook-view';

export function describeLifecycleHooks(model: AutoScaling): Operation {
  return operation(DescribeLifecycleHooks$, (input: DescribeLifecycleHooksCommandInput) => {
    const name = required(input.AutoScalingGroupName, 'AutoScalingGroupName');
    const { LifecycleHookNames: names = [] } = input;
    const { hooks } = model.group(name).state.settings;
    return {
      LifecycleHooks: hooks
        .filter((hook) => names.length === 0 || names.includes(hook.name))
        .map((hook) => lifecycleHookView(hook, name)),
    };
  });
}
