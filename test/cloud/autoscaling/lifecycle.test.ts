import { AutoScalingLab, instancesOf, LAUNCH_HOOK, statesOf, TERMINATE_HOOK } from './auto-scaling-lab';

const HOOKS = [LAUNCH_HOOK, TERMINATE_HOOK];

async function serving(settings: Parameters<AutoScalingLab['createGroup']>[0] = {}) {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: HOOKS, ...settings });
  await lab.clock.advance(10_000);
  for (const instance of instancesOf(group)) lab.complete(instance, 'CONTINUE');
  await lab.clock.advance(0);
  return { lab, group };
}

test('a new group launches its minimum, spread over its zones', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ minSize: 3 });
  expect(statesOf(group)).toEqual(['Pending', 'Pending', 'Pending']);
  await lab.clock.advance(8_000);
  expect(statesOf(group)).toEqual(['InService', 'InService', 'InService']);
  expect(
    instancesOf(group)
      .map(({ availabilityZone }) => availabilityZone)
      .sort(),
  ).toEqual(['zone-a', 'zone-b', 'zone-c']);
});

test('a launch hook holds an instance out of service and out of its target group', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: HOOKS, minSize: 1 });
  await lab.clock.advance(8_000);
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  expect(instance.state).toBe('Pending:Wait');
  expect(lab.registered.size).toBe(0);
  expect(lab.machines.get(instance.instanceId).targetStates).toEqual(['InService']);
  const [event] = lab.eventsOf('EC2 Instance-launch Lifecycle Action');
  expect(event?.detail).toEqual({
    AutoScalingGroupName: 'nodes',
    LifecycleActionToken: instance.actions[0]?.token,
    LifecycleHookName: 'serve',
    EC2InstanceId: instance.instanceId,
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    Origin: 'EC2',
    Destination: 'AutoScalingGroup',
  });

  lab.complete(instance, 'CONTINUE');
  expect(instance.state).toBe('InService');
  expect([...lab.registered]).toEqual([`gateways ${instance.instanceId}`]);
  const states = lab.journal.entries().flatMap((entry) => (entry.kind === 'instance-state' ? entry.to : []));
  expect(states).toEqual(['Pending', 'Pending:Wait', 'Pending:Proceed', 'InService']);
  expect(lab.eventsOf('EC2 Instance Launch Successful')).toHaveLength(1);
  expect(group.state.activities.list()[0]).toMatchObject({
    status: 'Successful',
    description: `Launching a new EC2 instance: ${instance.instanceId}`,
  });
});

test('an instance is deregistered before its terminate hook waits, and ends when that is completed', async () => {
  const { lab, group } = await serving();
  group.state.settings = { ...group.state.settings, minSize: 1 };
  group.state.setDesired(1, 'a test');
  group.reconcile();
  const leaving = instancesOf(group).find(({ state }) => state === 'Terminating:Wait');
  if (!leaving) throw new Error('nobody leaves');
  expect([...lab.registered].some((entry) => entry.includes(leaving.instanceId))).toBe(false);
  expect(lab.machines.get(leaving.instanceId).targetStates).toEqual(['InService', 'Terminated']);
  expect(lab.machines.get(leaving.instanceId).state).toBe('running');
  expect(lab.eventsOf('EC2 Instance-terminate Lifecycle Action')[0]?.detail).toMatchObject({
    Origin: 'AutoScalingGroup',
    Destination: 'EC2',
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  });

  lab.complete(leaving, 'CONTINUE');
  expect(leaving.state).toBe('Terminating:Proceed');
  await lab.clock.advance(5_000);
  expect(leaving.state).toBe('Terminated');
  expect(group.state.instances.has(leaving.instanceId)).toBe(false);
  expect(lab.eventsOf('EC2 Instance Terminate Successful')).toHaveLength(1);
});

test('nobody completes the terminate hook: its heartbeats prolong it up to the global limit', async () => {
  const hook = { ...TERMINATE_HOOK, heartbeatTimeoutSeconds: 30, defaultResult: 'CONTINUE' as const };
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: [hook], minSize: 0, desiredCapacity: 1 });
  await lab.settle();
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  group.terminateInstance(instance, true);
  const action = instance.actions[0];
  // 29 s after each other: 100 heartbeats of 30 s are 50 minutes.
  for (let second = 0; second < 50 * 60 - 29; second += 29) {
    await lab.clock.advance(29_000);
    expect(instance.state).toBe('Terminating:Wait');
    action?.heartbeat();
  }
  await lab.clock.advance(29_000);
  expect(instance.state).not.toBe('Terminating:Wait');
});

test('without heartbeats the default result comes after one timeout', async () => {
  const { lab, group } = await serving();
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  group.terminateInstance(instance, false);
  await lab.clock.advance(1_799_000);
  expect(instance.state).toBe('Terminating:Wait');
  await lab.clock.advance(10_000);
  expect(instance.state).toBe('Terminated');
});

test('a terminate hook that is abandoned retains the instance, when the group says so, until it is terminated', async () => {
  const { lab, group } = await serving({ terminateHookAbandon: 'retain' });
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  group.terminateInstance(instance, false);
  lab.complete(instance, 'ABANDON');
  expect(instance.state).toBe('Terminating:Retained');
  expect(lab.machines.get(instance.instanceId).state).toBe('running');
  // It counts for nothing: another has come in its place.
  expect(group.state.members()).toHaveLength(2);

  group.terminateInstance(instance, false);
  expect(instance.actions).toHaveLength(0);
  await lab.clock.advance(5_000);
  expect(lab.machines.get(instance.instanceId).state).toBe('terminated');
  expect(group.state.members()).toHaveLength(2);
});

test('without that policy an abandoned terminate hook ends the instance', async () => {
  const { lab, group } = await serving();
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  group.terminateInstance(instance, false);
  lab.complete(instance, 'ABANDON');
  await lab.clock.advance(5_000);
  expect(instance.state).toBe('Terminated');
});

test('two hooks hold together: all have to continue, and one that is abandoned ends the other', async () => {
  const lab = new AutoScalingLab();
  const second = { ...LAUNCH_HOOK, name: 'warm-caches' };
  const group = lab.createGroup({ hooks: [LAUNCH_HOOK, second], minSize: 2 });
  await lab.clock.advance(8_000);
  const [first, other] = instancesOf(group);
  if (!first || !other) throw new Error('nothing was launched');
  lab.complete(first, 'CONTINUE');
  expect(first.state).toBe('Pending:Wait');
  lab.complete(first, 'CONTINUE');
  expect(first.state).toBe('InService');
  lab.complete(other, 'ABANDON');
  expect(other).toMatchObject({ isTerminating: true, actions: [] });
});

test('a launch whose hook is abandoned ends, and others follow at growing intervals', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: [LAUNCH_HOOK], minSize: 1 });
  const launchedAtMs: number[] = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    for (let waits = 0; waits < 600 && !statesOf(group).includes('Pending:Wait'); waits += 1) {
      await lab.clock.advance(1_000);
    }
    const instance = instancesOf(group).find(({ state }) => state === 'Pending:Wait');
    if (!instance) throw new Error('no launch waits');
    launchedAtMs.push(instance.launchedAtMs);
    lab.complete(instance, 'ABANDON');
  }
  const [first = 0, second = 0, third = 0] = launchedAtMs;
  expect(third - second).toBeGreaterThan(second - first);
  expect(lab.eventsOf('EC2 Instance Launch Unsuccessful')).toHaveLength(3);
  expect(
    group.state.activities.list().find(({ description }) => description.startsWith('Launching'))
      ?.statusMessage,
  ).toMatch(/Lifecycle Action with token \S+ was abandoned: Lifecycle Action Completed with ABANDON Result/);
});

test('a machine that EC2 refuses to launch is a failed activity, and is tried again', async () => {
  const lab = new AutoScalingLab();
  lab.machines.refusal = 'no address is free';
  const group = lab.createGroup({ minSize: 1 });
  expect(group.state.activities.list()[0]).toMatchObject({
    status: 'Failed',
    statusMessage: 'no address is free',
  });
  lab.machines.refusal = undefined;
  await lab.settle();
  expect(statesOf(group)).toEqual(['InService']);
});

test('a machine that dies in service is replaced, through the terminate hook', async () => {
  const { lab, group } = await serving();
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  lab.machines.get(instance.instanceId).fail();
  expect(instance).toMatchObject({ isHealthy: false, state: 'Terminating:Wait' });
  expect(group.state.members()).toHaveLength(2);
  const causes = group.state.activities.list().map(({ cause }) => cause);
  expect(causes.join()).toMatch(
    /in response to an EC2 health check indicating it has been terminated or stopped/,
  );
  expect(causes.join()).toMatch(/launched in response to an unhealthy instance needing to be replaced/);
});

test('a machine that dies before it is in service is a launch that failed', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: [LAUNCH_HOOK], minSize: 1 });
  await lab.clock.advance(8_000);
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  lab.machines.get(instance.instanceId).fail();
  expect(lab.eventsOf('EC2 Instance Launch Unsuccessful')).toHaveLength(1);
  await lab.clock.advance(20_000);
  expect(group.state.members()).toHaveLength(1);
  expect(group.state.members()[0]).not.toBe(instance);
});

test('a scale-in ends an instance that waits in its launch hook, and forgets that hook', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: HOOKS, minSize: 0, desiredCapacity: 1 });
  await lab.clock.advance(8_000);
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  group.state.setDesired(0, 'a test');
  group.reconcile();
  expect(instance.actions.map(({ hook }) => hook.name)).toEqual(['drain']);
  await lab.clock.advance(700_000);
  expect(instance.state).toBe('Terminating:Wait');
  expect(lab.eventsOf('EC2 Instance Launch Unsuccessful')).toEqual([]);
  const ended = lab.journal
    .entries()
    .filter((entry) => entry.kind === 'lifecycle-action' && entry.event !== 'waits');
  expect(ended).toEqual([]);
});

test('the instances that a deployment begins with need no boot', () => {
  const lab = new AutoScalingLab({ prebootNewGroups: true });
  const group = lab.createGroup();
  expect(lab.machines.launched.map(({ spec }) => spec.prebooted)).toEqual([true, true]);
  group.state.setDesired(3, 'a test');
  group.reconcile();
  expect(lab.machines.launched.map(({ spec }) => spec.prebooted)).toEqual([true, true, false]);
});
