import type { GroupSettings } from '../../../local/cloud/autoscaling/group-settings';
import { AutoScalingLab, FUNCTION_ARN, instancesOf } from './auto-scaling-lab';

async function withGroup(settings: Partial<GroupSettings> = {}) {
  const lab = new AutoScalingLab();
  const group = lab.createGroup(settings);
  await lab.settle();
  return { lab, group };
}

test('Launch suspended: nothing comes until it is resumed, and then why it was wanted is known', async () => {
  const { lab, group } = await withGroup();
  group.state.suspended.add('Launch');
  group.state.setDesired(3, 'a test');
  group.reconcile();
  await lab.settle();
  expect(group.state.members()).toHaveLength(2);
  group.state.suspended.clear();
  group.reconcile();
  expect(group.state.members()).toHaveLength(3);
  expect(group.state.activities.list()[0]?.cause).toMatch(/a test changing the desired capacity from 2 to 3/);
});

test('Terminate suspended: nobody leaves, not even who is unhealthy', async () => {
  const { lab, group } = await withGroup({ minSize: 1, desiredCapacity: 3 });
  const [first] = instancesOf(group);
  if (!first) throw new Error('nothing was launched');
  group.state.suspended.add('Terminate');
  group.state.setDesired(1, 'a test');
  first.isHealthy = false;
  group.reconcile();
  await lab.settle();
  expect(group.state.inService()).toHaveLength(3);
  group.state.suspended.clear();
  group.reconcile();
  await lab.settle();
  expect(group.state.inService()).toHaveLength(1);
  expect(group.state.inService()).not.toContain(first);
});

test('ReplaceUnhealthy suspended: it is marked, and replaced when resumed', async () => {
  const { lab, group } = await withGroup();
  const [first] = instancesOf(group);
  if (!first) throw new Error('nothing was launched');
  group.state.suspended.add('ReplaceUnhealthy');
  lab.machines.get(first.instanceId).fail();
  await lab.settle();
  expect(first).toMatchObject({ isHealthy: false, state: 'InService' });
  group.state.suspended.clear();
  group.reconcile();
  expect(first.isTerminating).toBe(true);
});

test('HealthCheck suspended: a dead machine is not even marked until it is resumed', async () => {
  const { lab, group } = await withGroup();
  const [first] = instancesOf(group);
  if (!first) throw new Error('nothing was launched');
  group.state.suspended.add('HealthCheck');
  lab.machines.get(first.instanceId).fail();
  await lab.settle();
  expect(first).toMatchObject({ isHealthy: true, state: 'InService' });
  group.state.suspended.clear();
  group.reconcile();
  expect(first.isTerminating).toBe(true);
});

test('AddToLoadBalancer suspended: what comes meanwhile is never registered', async () => {
  const { lab, group } = await withGroup();
  group.state.suspended.add('AddToLoadBalancer');
  group.state.setDesired(3, 'a test');
  group.reconcile();
  await lab.settle();
  group.state.suspended.clear();
  group.reconcile();
  expect(lab.registered.size).toBe(2);
  expect(group.state.inService()).toHaveLength(3);
});

async function unbalance(settings: Partial<GroupSettings> = {}) {
  const { lab, group } = await withGroup({ minSize: 3, ...settings });
  // zone-c goes, and one of the others gets its instance.
  const all = group.state.settings.subnets;
  group.state.suspended.add('AZRebalance');
  group.state.settings = { ...group.state.settings, subnets: all.slice(0, 1) };
  for (const instance of instancesOf(group).slice(1)) group.terminateInstance(instance, false);
  await lab.settle();
  group.state.settings = { ...group.state.settings, subnets: all.slice(0, 2) };
  group.reconcile();
  const zones = () => group.state.inService().map(({ availabilityZone }) => availabilityZone);
  expect(zones()).toEqual(['zone-a', 'zone-a', 'zone-a']);
  return { lab, group, zones };
}

test('AZRebalance launches in the empty zone first, and then ends one of the full one', async () => {
  const { lab, group, zones } = await unbalance();
  await lab.settle();
  expect(zones()).toEqual(['zone-a', 'zone-a', 'zone-a']);
  group.state.suspended.clear();
  group.reconcile();
  await lab.clock.advance(1_000);
  expect(group.state.members()).toHaveLength(4);
  await lab.settle();
  expect(zones().sort()).toEqual(['zone-a', 'zone-a', 'zone-b']);
});

test('AZRebalance does not begin when the termination policy names nobody', async () => {
  const { lab, group, zones } = await unbalance({ terminationPolicies: [FUNCTION_ARN] });
  lab.answerTermination = async () => ({ ok: true, payload: { InstanceIDs: [] } });
  lab.asked.length = 0;
  group.state.suspended.clear();
  group.reconcile();
  await lab.settle();
  expect(lab.asked.map(({ Cause }) => Cause)).toContain('REBALANCE');
  expect(zones()).toEqual(['zone-a', 'zone-a', 'zone-a']);
});
