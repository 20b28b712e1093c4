import { CancelInstanceRefresh$, type CancelInstanceRefreshCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import { activeRefreshOf } from '../active-refresh';
import type { AutoScaling } from '../auto-scaling';
import { required } from '../required';

export function cancelInstanceRefresh(model: AutoScaling): Operation {
  return operation(CancelInstanceRefresh$, (input: CancelInstanceRefreshCommandInput) => {
    const group = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    const refresh = activeRefreshOf(group);
    refresh.cancel();
    group.reconcile();
    return { InstanceRefreshId: refresh.refreshId };
  });
}
