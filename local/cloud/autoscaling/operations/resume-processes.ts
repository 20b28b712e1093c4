import { ResumeProcesses$, type ResumeProcessesCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { required } from '../required';
import { readProcesses } from '../scaling-processes';

/** What was left undone meanwhile is done at once, except scheduled actions and alarms that have passed. */
export function resumeProcesses(model: AutoScaling): Operation {
  return operation(ResumeProcesses$, (input: ResumeProcessesCommandInput) => {
    const group = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    for (const process of readProcesses(input.ScalingProcesses)) group.state.suspended.delete(process);
    group.reconcile();
  });
}
