import type { Group } from '../../../local/cloud/autoscaling/group';
import type { WarmPoolSettings } from '../../../local/cloud/autoscaling/warm-pool';
import { AutoScalingLab, instancesOf, LAUNCH_HOOK, statesOf, TERMINATE_HOOK } from './auto-scaling-lab';

const POOL: WarmPoolSettings = {
  minSize: 1,
  maxGroupPreparedCapacity: 0,
  poolState: 'Stopped',
  reuseOnScaleIn: false,
};

async function withPool(pool: Partial<WarmPoolSettings> = {}) {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: [LAUNCH_HOOK, TERMINATE_HOOK], minSize: 1 });
  await lab.clock.advance(8_000);
  completeAll(lab, group);
  group.setWarmPool({ ...POOL, ...pool });
  await lab.clock.advance(8_000);
  return { lab, group };
}

function completeAll(lab: AutoScalingLab, group: Group): void {
  for (const instance of instancesOf(group))
    if (instance.actions.length > 0) lab.complete(instance, 'CONTINUE');
}

test('instances enter through the launch hook, and stop', async () => {
  const { lab, group } = await withPool();
  expect(statesOf(group)).toEqual(['InService', 'Warmed:Pending:Wait']);
  expect(lab.machines.launched[1]?.targetStates).toEqual(['Warmed:Stopped']);
  expect(lab.eventsOf('EC2 Instance-launch Lifecycle Action')[1]?.detail).toMatchObject({
    Origin: 'EC2',
    Destination: 'WarmPool',
  });
  completeAll(lab, group);
  expect(statesOf(group)).toEqual(['InService', 'Warmed:Pending:Proceed']);
  await lab.clock.advance(4_000);
  expect(statesOf(group)).toEqual(['InService', 'Warmed:Stopped']);
  expect(lab.machines.launched[1]?.state).toBe('stopped');
  expect([...lab.registered]).toHaveLength(1);
});

test('a scale-out takes from the pool, through the launch hook, and the pool is filled again', async () => {
  const { lab, group } = await withPool();
  completeAll(lab, group);
  await lab.clock.advance(4_000);
  const warm = instancesOf(group)[1];
  group.state.setDesired(2, 'a test');
  group.reconcile();
  expect(warm?.state).toBe('Pending');
  expect(statesOf(group)).toEqual(['InService', 'Pending', 'Warmed:Pending']);
  expect(group.state.activities.list().map(({ description }) => description)).toContain(
    `Launching a new EC2 instance from warm pool: ${warm?.instanceId}`,
  );
  await lab.clock.advance(4_000);
  expect(warm?.state).toBe('Pending:Wait');
  expect(lab.machines.launched[1]?.targetStates).toEqual(['Warmed:Stopped', 'InService']);
  expect(lab.eventsOf('EC2 Instance-launch Lifecycle Action').at(-1)?.detail).toMatchObject({
    Origin: 'WarmPool',
    Destination: 'AutoScalingGroup',
  });
  if (warm) lab.complete(warm, 'CONTINUE');
  expect(warm?.state).toBe('InService');
});

test('an empty pool means a cold launch', async () => {
  const { group } = await withPool();
  group.state.setDesired(3, 'a test');
  group.reconcile();
  expect(statesOf(group)).toEqual(['InService', 'Warmed:Pending:Wait', 'Pending', 'Pending']);
});

test('its size is what lies between the desired and the maximum, unless something else is said', async () => {
  const { lab, group } = await withPool({ minSize: 0, maxGroupPreparedCapacity: undefined });
  expect(group.state.warm()).toHaveLength(9);
  group.setWarmPool({ ...POOL, minSize: 0, maxGroupPreparedCapacity: 3 });
  await lab.clock.advance(10_000);
  expect(group.state.warm()).toHaveLength(2);
  expect(lab.eventsOf('EC2 Instance-terminate Lifecycle Action')[0]?.detail).toMatchObject({
    Origin: 'WarmPool',
    Destination: 'EC2',
  });
});

test('what scales in goes back to a pool that reuses, through the terminate hook', async () => {
  const { lab, group } = await withPool({ reuseOnScaleIn: true, maxGroupPreparedCapacity: 3, minSize: 0 });
  completeAll(lab, group);
  await lab.clock.advance(4_000);
  completeAll(lab, group);
  group.state.setDesired(2, 'a test');
  group.reconcile();
  await lab.clock.advance(4_000);
  completeAll(lab, group);
  await lab.settle();
  completeAll(lab, group);
  await lab.settle();
  group.state.setDesired(1, 'a test');
  group.reconcile();
  const returning = instancesOf(group).find(({ state }) => state === 'Warmed:Pending:Wait');
  if (!returning) throw new Error('nobody returns');
  expect(lab.eventsOf('EC2 Instance-terminate Lifecycle Action').at(-1)?.detail).toMatchObject({
    Origin: 'AutoScalingGroup',
    Destination: 'WarmPool',
  });
  expect([...lab.registered].some((entry) => entry.includes(returning.instanceId))).toBe(false);
  lab.complete(returning, 'CONTINUE');
  await lab.clock.advance(4_000);
  expect(returning.state).toBe('Warmed:Stopped');
  expect(lab.machines.get(returning.instanceId).targetStates.at(-1)).toBe('Warmed:Stopped');
});

test('a running pool keeps its machines running', async () => {
  const { lab, group } = await withPool({ poolState: 'Running' });
  completeAll(lab, group);
  expect(statesOf(group)).toEqual(['InService', 'Warmed:Running']);
  expect(lab.machines.launched[1]?.state).toBe('running');
});

test('an instance refresh replaces the pool last', async () => {
  const { lab, group } = await withPool();
  completeAll(lab, group);
  await lab.settle();
  const before = instancesOf(group);
  lab.launchTemplates.addVersion('lt-1', { imageId: 'ami-1', instanceType: 'c7gn.large', userData: 'djI=' });
  group.state.settings = {
    ...group.state.settings,
    hooks: [],
    launch: { template: { launchTemplateId: 'lt-1', version: '2' }, mixedInstances: undefined },
  };
  const refresh = group.startRefresh({
    preferences: {
      minHealthyPercentage: 100,
      maxHealthyPercentage: 200,
      instanceWarmupSeconds: 60,
      skipMatching: true,
      bakeTimeSeconds: 0,
      alarms: [],
      scaleInProtectedInstances: 'Refresh',
      autoRollback: false,
    },
    desiredConfiguration: undefined,
  });
  await lab.clock.advance(30_000);
  expect(before[1]?.state).toBe('Warmed:Stopped');
  await lab.clock.advance(120_000);
  expect(refresh.status).toBe('Successful');
  await lab.settle();
  expect(instancesOf(group).map(({ template }) => template.version)).toEqual([2, 2]);
});
