import {
  RollbackInstanceRefresh$,
  type RollbackInstanceRefreshCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import { activeRefreshOf } from '../active-refresh';
import type { AutoScaling } from '../auto-scaling';
import { required } from '../required';

/** Only a refresh with a desired configuration has something to go back to. */
export function rollbackInstanceRefresh(model: AutoScaling): Operation {
  return operation(RollbackInstanceRefresh$, (input: RollbackInstanceRefreshCommandInput) => {
    const group = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    const refresh = activeRefreshOf(group);
    if (refresh.status === 'RollbackInProgress' || !refresh.rollBack('Rollback initiated by user request.')) {
      throw new ServiceError(
        'IrreversibleInstanceRefresh',
        'The instance refresh cannot be rolled back: it has no desired configuration, or is rolling back already.',
      );
    }
    group.reconcile();
    return { InstanceRefreshId: refresh.refreshId };
  });
}
