import type { MixedInstances } from '../../../local/cloud/autoscaling/group-settings';
import { AutoScalingLab, instancesOf, TERMINATE_HOOK } from './auto-scaling-lab';

function spotOnly(lab: AutoScalingLab, more: Parameters<AutoScalingLab['createGroup']>[0] = {}) {
  return lab.createGroup({ ...mixed(0, 0), ...more });
}

function mixed(base: number, percent: number) {
  const mixedInstances: MixedInstances = {
    instanceTypes: ['c7gn.xlarge', 'c7gn.large'],
    distribution: { onDemandBaseCapacity: base, onDemandPercentageAboveBaseCapacity: percent },
  };
  return { launch: { template: { launchTemplateId: 'lt-1', version: '1' }, mixedInstances } };
}

test.each([
  [1, 0, 4, 1],
  [0, 50, 4, 2],
  // 1.5 above the base, rounded up.
  [1, 50, 4, 3],
  [0, 100, 2, 2],
])(
  'on-demand base %i and %i %%: of %i instances %i are on-demand',
  async (base, percent, total, onDemand) => {
    const lab = new AutoScalingLab();
    const group = lab.createGroup({ ...mixed(base, percent), minSize: total });
    await lab.settle();
    const markets = lab.machines.launched.map(({ spec }) => spec.market);
    expect(markets.filter((market) => market === 'on-demand')).toHaveLength(onDemand);
    expect(instancesOf(group).every(({ instanceType }) => instanceType === 'c7gn.xlarge')).toBe(true);
  },
);

test('the shares hold while the group shrinks', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ ...mixed(1, 0), minSize: 1, desiredCapacity: 4 });
  await lab.settle();
  group.state.setDesired(1, 'a test');
  group.reconcile();
  await lab.settle();
  expect(group.state.inService().map(({ market }) => market)).toEqual(['on-demand']);
});

test('an interruption is announced, and ends the machine in two minutes whatever its hook says', async () => {
  const lab = new AutoScalingLab();
  const group = spotOnly(lab, { hooks: [TERMINATE_HOOK] });
  await lab.settle();
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  const machine = lab.machines.get(instance.instanceId);
  const nowMs = lab.clock.nowMs();
  lab.model.interruptSpot(instance.instanceId);
  expect(machine.interruptionAtMs).toBe(nowMs + 120_000);
  expect(lab.eventsOf('EC2 Spot Instance Interruption Warning')).toMatchObject([
    { source: 'aws.ec2', detail: { 'instance-id': instance.instanceId, 'instance-action': 'terminate' } },
  ]);
  expect(lab.eventsOf('EC2 Instance Rebalance Recommendation')).toHaveLength(1);
  await lab.clock.advance(119_000);
  expect(machine.state).toBe('running');
  await lab.clock.advance(6_000);
  expect(machine.state).toBe('terminated');
  expect(instance).toMatchObject({ isHealthy: false, state: 'Terminating:Wait' });
  await lab.settle();
  expect(group.state.inService()).toHaveLength(2);
});

test('with capacity rebalancing the replacement serves before the instance at risk leaves', async () => {
  const lab = new AutoScalingLab();
  const group = spotOnly(lab, { capacityRebalance: true });
  await lab.settle();
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  lab.model.recommendRebalance(instance.instanceId);
  expect(instance.state).toBe('InService');
  expect(group.state.members()).toHaveLength(3);
  await lab.clock.advance(8_000);
  expect(instance.isTerminating).toBe(true);
  await lab.settle();
  expect(group.state.inService()).toHaveLength(2);
});

test('without it a recommendation is only an event', async () => {
  const lab = new AutoScalingLab();
  const group = spotOnly(lab);
  await lab.settle();
  lab.model.recommendRebalance(instancesOf(group)[0]?.instanceId ?? '');
  await lab.settle();
  expect(lab.machines.launched).toHaveLength(2);
});

test('only spot instances can be interrupted', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  await lab.settle();
  expect(() => lab.model.interruptSpot(instancesOf(group)[0]?.instanceId ?? '')).toThrow(
    /not a Spot Instance/,
  );
});
