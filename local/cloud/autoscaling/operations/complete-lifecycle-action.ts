import {
  CompleteLifecycleAction$,
  type CompleteLifecycleActionCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { findLifecycleAction } from '../find-lifecycle-action';
import { invalid, required } from '../required';

export function completeLifecycleAction(model: AutoScaling): Operation {
  return operation(CompleteLifecycleAction$, (input: CompleteLifecycleActionCommandInput) => {
    const result = required(input.LifecycleActionResult, 'LifecycleActionResult');
    const { action } = findLifecycleAction(model, input);
    // Source: API reference: CONTINUE or ABANDON.
    if (result !== 'CONTINUE' && result !== 'ABANDON') {
      invalid('Lifecycle Action Result must be either CONTINUE or ABANDON');
    }
    action.complete(result);
  });
}
