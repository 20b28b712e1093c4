import {
  RecordLifecycleActionHeartbeat$,
  type RecordLifecycleActionHeartbeatCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { findLifecycleAction } from '../find-lifecycle-action';

export function recordLifecycleActionHeartbeat(model: AutoScaling): Operation {
  return operation(RecordLifecycleActionHeartbeat$, (input: RecordLifecycleActionHeartbeatCommandInput) => {
    const { group, instance, action } = findLifecycleAction(model, input);
    action.heartbeat();
    group.lifecycle.hooks.note(instance, action.hook, 'heartbeat');
  });
}
