import { ResumeProcessesCommand, SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { describeGroup } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('ends the suspension of what is named, or of all', async () => {
  const AutoScalingGroupName = target.groupName;
  await target.autoScaling.send(
    new SuspendProcessesCommand({
      AutoScalingGroupName,
      ScalingProcesses: ['AZRebalance', 'AlarmNotification'],
    }),
  );
  await target.autoScaling.send(
    new ResumeProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['AZRebalance'] }),
  );
  const { SuspendedProcesses = [] } = await describeGroup(target);
  expect(SuspendedProcesses.map(({ ProcessName }) => ProcessName)).toEqual(['AlarmNotification']);
  await target.autoScaling.send(new ResumeProcessesCommand({ AutoScalingGroupName }));
  expect((await describeGroup(target)).SuspendedProcesses).toEqual([]);
});
