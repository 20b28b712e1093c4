import { SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { describeGroup } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

function suspend(ScalingProcesses: string[]) {
  return target.autoScaling.send(
    new SuspendProcessesCommand({ AutoScalingGroupName: target.groupName, ScalingProcesses }),
  );
}

test('is seen in the description of the group, once', async () => {
  await suspend(['AZRebalance']);
  await suspend(['AZRebalance']);
  const { SuspendedProcesses = [] } = await describeGroup(target);
  expect(SuspendedProcesses.filter(({ ProcessName }) => ProcessName === 'AZRebalance')).toHaveLength(1);
});

test('refuses a process that does not exist', async () => {
  await expect(suspend(['Sleep'])).rejects.toMatchObject({ name: 'ValidationError' });
});
