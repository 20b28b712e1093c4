import type { Group } from '../../../local/cloud/autoscaling/group';
import type { GroupSettings } from '../../../local/cloud/autoscaling/group-settings';
import type { RefreshPreferences } from '../../../local/cloud/autoscaling/instance-refresh';
import { AutoScalingLab, FUNCTION_ARN, instancesOf, LAUNCH_HOOK, TERMINATE_HOOK } from './auto-scaling-lab';

const NEW_FIRST: RefreshPreferences = {
  minHealthyPercentage: 100,
  maxHealthyPercentage: 200,
  instanceWarmupSeconds: 60,
  skipMatching: true,
  bakeTimeSeconds: 0,
  alarms: [],
  scaleInProtectedInstances: 'Refresh',
  autoRollback: false,
};

async function withGroup(settings: Partial<GroupSettings> = {}) {
  const lab = new AutoScalingLab();
  const group = lab.createGroup(settings);
  await lab.settle();
  return { lab, group };
}

/** A new release: another version of the template, which the group follows. */
function release(lab: AutoScalingLab, group: Group): void {
  const { version } = lab.launchTemplates.addVersion('lt-1', {
    imageId: 'ami-1',
    instanceType: 'c7gn.large',
    userData: 'djI=',
  });
  group.state.settings = {
    ...group.state.settings,
    launch: { template: { launchTemplateId: 'lt-1', version: String(version) }, mixedInstances: undefined },
  };
}

const versions = (group: Group) => group.state.inService().map(({ template }) => template.version);

test('new instances come first, and the old ones leave when these have warmed up', async () => {
  const { lab, group } = await withGroup();
  release(lab, group);
  const refresh = group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(8_000);
  expect(versions(group)).toEqual([1, 1, 2, 2]);
  await lab.clock.advance(55_000);
  expect(versions(group)).toEqual([1, 1, 2, 2]);
  await lab.clock.advance(20_000);
  expect(versions(group)).toEqual([2, 2]);
  await lab.clock.advance(20_000);
  expect(refresh).toMatchObject({ status: 'Successful', percentageComplete: 100, instancesToUpdate: 0 });
  expect(lab.eventsOf('EC2 Auto Scaling Instance Refresh Started')).toHaveLength(1);
  expect(lab.eventsOf('EC2 Auto Scaling Instance Refresh Succeeded')).toHaveLength(1);
  expect(
    group.state.activities.list().some(({ cause }) => /in response to an instance refresh/.test(cause)),
  ).toBe(true);
});

test('never fewer in service than the minimum healthy percentage', async () => {
  const { lab, group } = await withGroup({ minSize: 4 });
  release(lab, group);
  group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  for (let second = 0; second < 200; second += 1) {
    await lab.clock.advance(1_000);
    expect(group.state.inService().length).toBeGreaterThanOrEqual(4);
    expect(group.state.members().length).toBeLessThanOrEqual(8);
  }
  expect(versions(group)).toEqual([2, 2, 2, 2]);
});

test('without room above the desired capacity one goes after the other', async () => {
  const { lab, group } = await withGroup({ minSize: 3 });
  release(lab, group);
  group.startRefresh({
    preferences: { ...NEW_FIRST, maxHealthyPercentage: undefined },
    desiredConfiguration: undefined,
  });
  for (let second = 0; second < 400; second += 1) {
    await lab.clock.advance(1_000);
    expect(group.state.inService().length).toBeGreaterThanOrEqual(2);
    expect(group.state.members().length).toBeLessThanOrEqual(3);
  }
  expect(versions(group)).toEqual([2, 2, 2]);
});

test('it waits for the terminate hooks of the old ones, however long these take', async () => {
  const { lab, group } = await withGroup({ hooks: [TERMINATE_HOOK] });
  release(lab, group);
  const refresh = group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(120_000);
  const leaving = instancesOf(group).filter(({ state }) => state === 'Terminating:Wait');
  expect(leaving).toHaveLength(2);
  for (let beats = 0; beats < 10; beats += 1) {
    for (const { actions } of leaving) actions[0]?.heartbeat();
    await lab.clock.advance(1_200_000);
  }
  expect(refresh).toMatchObject({ status: 'InProgress', percentageComplete: 0 });
  for (const instance of leaving) lab.complete(instance, 'CONTINUE');
  await lab.clock.advance(30_000);
  expect(refresh.status).toBe('Successful');
});

test('what matches already is skipped, when it is told to', async () => {
  const { lab, group } = await withGroup();
  const before = instancesOf(group);
  const refresh = group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(10_000);
  expect(refresh.status).toBe('Successful');
  expect(instancesOf(group)).toEqual(before);

  group.startRefresh({ preferences: { ...NEW_FIRST, skipMatching: false }, desiredConfiguration: undefined });
  await lab.clock.advance(200_000);
  expect(instancesOf(group).some((instance) => before.includes(instance))).toBe(false);
});

test('an alarm fails it, also while it bakes', async () => {
  const { lab, group } = await withGroup();
  release(lab, group);
  const refresh = group.startRefresh({
    preferences: { ...NEW_FIRST, bakeTimeSeconds: 600, alarms: ['joins-failing'] },
    desiredConfiguration: undefined,
  });
  await lab.clock.advance(200_000);
  expect(refresh.status).toBe('Baking');
  lab.activeAlarms.add('joins-failing');
  await lab.clock.advance(10_000);
  expect(refresh).toMatchObject({
    status: 'Failed',
    statusReason: 'Alarm joins-failing is in the ALARM state.',
  });
  expect(lab.eventsOf('EC2 Auto Scaling Instance Refresh Failed')).toHaveLength(1);
});

test('with quiet alarms it succeeds after its bake time', async () => {
  const { lab, group } = await withGroup();
  release(lab, group);
  const refresh = group.startRefresh({
    preferences: { ...NEW_FIRST, bakeTimeSeconds: 600, alarms: ['joins-failing'] },
    desiredConfiguration: undefined,
  });
  await lab.clock.advance(600_000);
  expect(refresh.status).toBe('Baking');
  await lab.clock.advance(200_000);
  expect(refresh.status).toBe('Successful');
});

test('it brings a desired configuration, which the group has when it has succeeded', async () => {
  const { lab, group } = await withGroup();
  lab.launchTemplates.addVersion('lt-1', { imageId: 'ami-1', instanceType: 'c7gn.large', userData: 'djI=' });
  const desired = { template: { launchTemplateId: 'lt-1', version: '2' }, mixedInstances: undefined };
  group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: desired });
  await lab.clock.advance(30_000);
  expect(group.state.settings.launch.template.version).toBe('1');
  await lab.clock.advance(200_000);
  expect(versions(group)).toEqual([2, 2]);
  expect(group.state.settings.launch).toEqual(desired);
});

test('rolled back, the old configuration returns', async () => {
  const { lab, group } = await withGroup();
  lab.launchTemplates.addVersion('lt-1', { imageId: 'ami-1', instanceType: 'c7gn.large', userData: 'djI=' });
  const refresh = group.startRefresh({
    preferences: { ...NEW_FIRST, autoRollback: true, alarms: ['bad'] },
    desiredConfiguration: { template: { launchTemplateId: 'lt-1', version: '2' }, mixedInstances: undefined },
  });
  await lab.clock.advance(30_000);
  expect(versions(group)).toEqual([1, 1, 2, 2]);
  lab.activeAlarms.add('bad');
  await lab.clock.advance(10_000);
  expect(refresh.status).toBe('RollbackInProgress');
  await lab.clock.advance(300_000);
  expect(refresh.status).toBe('RollbackSuccessful');
  expect(versions(group)).toEqual([1, 1]);
});

test('cancelled, what has been replaced stays, and the group returns to its size', async () => {
  const { lab, group } = await withGroup({ terminationPolicies: ['OldestLaunchTemplate'] });
  release(lab, group);
  const refresh = group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(30_000);
  refresh.cancel();
  group.reconcile();
  await lab.clock.advance(60_000);
  expect(refresh.status).toBe('Cancelled');
  expect(group.state.inService()).toHaveLength(2);
});

test('a termination policy is asked with the cause INSTANCE_REFRESH, for the old ones only', async () => {
  const { lab, group } = await withGroup({ terminationPolicies: [FUNCTION_ARN, 'Default'] });
  const old = instancesOf(group).map(({ instanceId }) => instanceId);
  release(lab, group);
  group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(120_000);
  expect(lab.asked.map(({ Cause }) => Cause)).toEqual(['INSTANCE_REFRESH', 'INSTANCE_REFRESH']);
  expect(lab.asked[0]?.Instances.map(({ InstanceId }) => InstanceId)).toEqual(old);
  expect(lab.asked[0]?.CapacityToTerminate.reduce((sum, { Capacity }) => sum + Capacity, 0)).toBe(2);
  expect(versions(group)).toEqual([2, 2]);
});

test('a policy that names nobody for an hour fails it', async () => {
  const { lab, group } = await withGroup({ terminationPolicies: [FUNCTION_ARN] });
  lab.answerTermination = async () => ({ ok: true, payload: { InstanceIDs: [] } });
  release(lab, group);
  const refresh = group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(3_500_000);
  expect(refresh.status).toBe('InProgress');
  await lab.clock.advance(300_000);
  expect(refresh.status).toBe('Failed');
});

test('a release whose instances never serve fails within two hours, and the old ones go on', async () => {
  const { lab, group } = await withGroup();
  release(lab, group);
  group.state.settings = { ...group.state.settings, hooks: [LAUNCH_HOOK] };
  const refresh = group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(7_200_000);
  expect(refresh.status).toBe('Failed');
  expect(versions(group)).toEqual([1, 1]);
});

test.each([
  ['Refresh', [2, 2], 'Successful'],
  ['Ignore', [1, 2], 'Successful'],
  ['Wait', [1, 2], 'InProgress'],
] as const)('protected instances: %s', async (scaleInProtectedInstances, expected, status) => {
  const { lab, group } = await withGroup();
  const [first] = instancesOf(group);
  if (first) first.isProtectedFromScaleIn = true;
  release(lab, group);
  const refresh = group.startRefresh({
    preferences: { ...NEW_FIRST, scaleInProtectedInstances },
    desiredConfiguration: undefined,
  });
  await lab.clock.advance(600_000);
  expect(versions(group)).toEqual(expected);
  expect(refresh.status).toBe(status);
});

test('a scale-out during it brings the new configuration', async () => {
  const { lab, group } = await withGroup();
  release(lab, group);
  group.startRefresh({ preferences: NEW_FIRST, desiredConfiguration: undefined });
  await lab.clock.advance(5_000);
  group.state.setDesired(4, 'a test');
  group.reconcile();
  await lab.clock.advance(300_000);
  expect(versions(group)).toEqual([2, 2, 2, 2]);
});
