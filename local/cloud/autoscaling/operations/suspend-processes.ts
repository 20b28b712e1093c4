import { SuspendProcesses$, type SuspendProcessesCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { required } from '../required';
import { readProcesses } from '../scaling-processes';

export function suspendProcesses(model: AutoScaling): Operation {
  return operation(SuspendProcesses$, (input: SuspendProcessesCommandInput) => {
    const { state } = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    for (const process of readProcesses(input.ScalingProcesses)) state.suspended.add(process);
  });
}
