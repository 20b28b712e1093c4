import {
  chooseTerminations,
  suggestTerminations,
} from '../../../local/cloud/autoscaling/choose-terminations';
import type { Group } from '../../../local/cloud/autoscaling/group';
import { ManualClock } from '../../helpers/manual-clock';
import { AutoScalingLab, FUNCTION_ARN, instancesOf } from './auto-scaling-lab';

function candidate(id: string, zone: string, more: { version?: number; market?: 'spot' | 'on-demand' } = {}) {
  return {
    instanceId: id,
    availabilityZone: zone,
    instanceType: 'c7gn.large',
    market: more.market ?? ('on-demand' as const),
    templateVersion: more.version ?? 1,
    launchedAtMs: Number(id),
  };
}

function scaleTo(group: Group, desired: number): void {
  group.state.setDesired(desired, 'a test');
  group.reconcile();
}

async function withFunction(desired: number, options: ConstructorParameters<typeof AutoScalingLab>[0] = {}) {
  const lab = new AutoScalingLab(options);
  const group = lab.createGroup({
    minSize: 1,
    desiredCapacity: desired,
    terminationPolicies: [FUNCTION_ARN, 'Default'],
  });
  await lab.settle();
  return { lab, group };
}

describe('the predefined policies', () => {
  test('the zone with the most instances shrinks first, then the oldest launch template, then the oldest instance', () => {
    const members = [
      candidate('1', 'a'),
      candidate('2', 'b', { version: 2 }),
      candidate('3', 'b', { version: 1 }),
      candidate('4', 'b', { version: 1 }),
    ];
    const demand = { candidates: members, members, onDemandShare: undefined };
    const ids = (count: number) =>
      chooseTerminations({ ...demand, count }, ['Default']).map(({ instanceId }) => instanceId);
    expect(ids(1)).toEqual(['3']);
    expect(ids(2)).toEqual(['3', '4']);
    // Now the zones are even, and the older template decides.
    expect(ids(3)).toEqual(['3', '4', '1']);
  });

  test('what is protected counts for the balance and stays', () => {
    const members = [candidate('1', 'a'), candidate('2', 'b'), candidate('3', 'b')];
    const candidates = members.filter(({ instanceId }) => instanceId === '1');
    const demand = { candidates, members, count: 2, onDemandShare: undefined };
    expect(chooseTerminations(demand, ['Default'])).toEqual(candidates);
  });

  test('the purchase option that is over its share goes first', () => {
    const members = [
      candidate('1', 'a'),
      candidate('2', 'b', { market: 'spot' }),
      candidate('3', 'c', { market: 'spot' }),
    ];
    const demand = { candidates: members, members, count: 1, onDemandShare: () => 1 };
    expect(suggestTerminations(demand)).toEqual({
      capacity: [{ availabilityZone: 'b', market: 'spot', capacity: 1 }],
      instances: [members[1], members[2]],
    });
  });

  test.each([
    ['NewestInstance', '3'],
    ['OldestInstance', '1'],
  ] as const)('%s', (policy, id) => {
    const members = ['1', '2', '3'].map((name) => candidate(name, `zone-${name}`));
    const demand = { candidates: members, members, count: 1, onDemandShare: undefined };
    expect(chooseTerminations(demand, [policy])).toMatchObject([{ instanceId: id }]);
  });
});

test('an activity tells who was selected, and why', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ minSize: 1, desiredCapacity: 2 });
  await lab.settle();
  scaleTo(group, 1);
  const leaving = instancesOf(group).find(({ isTerminating }) => isTerminating);
  expect(group.state.activities.list()[0]).toMatchObject({
    description: `Terminating EC2 instance: ${leaving?.instanceId}`,
    cause: expect.stringMatching(
      new RegExp(
        `a test changing the desired capacity from 2 to 1\\. {2}At \\S+ an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 2 to 1\\. {2}At \\S+ instance ${leaving?.instanceId} was selected for termination\\.$`,
      ),
    ) as string,
  });
});

test('a function is asked as the user guide says, and its answer counts', async () => {
  const { lab, group } = await withFunction(3);
  const wanted = instancesOf(group)[1];
  lab.answerTermination = async () => ({ ok: true, payload: { InstanceIDs: [wanted?.instanceId] } });
  scaleTo(group, 2);
  await lab.clock.advance(0);
  expect(lab.asked).toEqual([
    {
      AutoScalingGroupARN: group.state.arn,
      AutoScalingGroupName: 'nodes',
      CapacityToTerminate: [{ AvailabilityZone: 'zone-a', Capacity: 1, InstanceMarketOption: 'on-demand' }],
      Instances: instancesOf(group).map(({ instanceId, availabilityZone }) => ({
        AvailabilityZone: availabilityZone,
        InstanceId: instanceId,
        InstanceType: 'c7gn.large',
        InstanceMarketOption: 'on-demand',
      })),
      Cause: 'SCALE_IN',
    },
  ]);
  expect(wanted?.isTerminating).toBe(true);
  await lab.settle();
  expect(lab.asked).toHaveLength(1);
});

test('a function may name others than those suggested, but nobody protected, unknown or on the way', async () => {
  const { lab, group } = await withFunction(4);
  const [first, second, third] = instancesOf(group);
  if (!first || !second || !third) throw new Error('nothing was launched');
  // zone-a has two, so only these are suggested.
  first.isProtectedFromScaleIn = true;
  lab.answerTermination = async () => ({
    ok: true,
    payload: { InstanceIDs: ['i-unknown', first.instanceId, second.instanceId] },
  });
  scaleTo(group, 3);
  await lab.clock.advance(0);
  expect(lab.asked[0]?.Instances.map(({ AvailabilityZone }) => AvailabilityZone)).toEqual(['zone-a']);
  expect([first.isTerminating, second.isTerminating, third.isTerminating]).toEqual([false, true, false]);
});

test('more names than needed go to the next policy', async () => {
  const { lab, group } = await withFunction(3);
  lab.answerTermination = async ({ Instances }) => ({
    ok: true,
    payload: { InstanceIDs: Instances.map(({ InstanceId }) => InstanceId) },
  });
  scaleTo(group, 1);
  await lab.settle();
  expect(group.state.members()).toHaveLength(1);
});

test('fewer names than needed: those leave, and it is asked again for the rest', async () => {
  const { lab, group } = await withFunction(3);
  scaleTo(group, 1);
  await lab.settle();
  expect(lab.asked).toHaveLength(2);
  expect(group.state.members()).toHaveLength(1);
});

test.each([
  ['does not answer', () => new Promise<never>(() => {})],
  ['fails', async () => ({ ok: false as const, error: 'Unhandled' as const, message: 'broken' })],
  ['names nobody', async () => ({ ok: true as const, payload: { InstanceIDs: [] } })],
  ['names nobody that can go', async () => ({ ok: true as const, payload: { InstanceIDs: ['i-gone'] } })],
  ['answers nonsense', async () => ({ ok: true as const, payload: 'no' })],
])(
  'a function that %s: nobody is terminated, it is asked without end, and once repaired it goes on',
  async (_, broken) => {
    const { lab, group } = await withFunction(3);
    const repaired = lab.answerTermination;
    lab.answerTermination = broken;
    scaleTo(group, 2);
    await lab.clock.advance(3_600_000);
    expect(group.state.members()).toHaveLength(3);
    expect(lab.asked.length).toBeGreaterThan(100);
    const failed = group.state.activities.list().filter(({ status }) => status === 'Failed');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.statusMessage).toMatch(/function/);
    // It can grow meanwhile.
    lab.answerTermination = repaired;
    await lab.settle();
    expect(group.state.members()).toHaveLength(2);
  },
);

test('a function has two seconds of real time, however fast the cloud goes', async () => {
  const realClock = new ManualClock();
  const { lab, group } = await withFunction(3, { realClock });
  lab.answerTermination = () => new Promise<never>(() => {});
  scaleTo(group, 2);
  // Far more than two of the cloud's seconds.
  await lab.clock.advance(60_000);
  await realClock.advance(1_900);
  expect(group.state.activities.list().filter(({ status }) => status === 'Failed')).toEqual([]);
  await realClock.advance(200);
  expect(group.state.activities.list()[0]?.statusMessage).toBe(
    'the function did not answer within 2 seconds',
  );
});

test('protected instances do not leave, however small the group is to be', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ minSize: 0, desiredCapacity: 2, newInstancesProtectedFromScaleIn: true });
  await lab.settle();
  scaleTo(group, 0);
  await lab.settle();
  expect(group.state.inService()).toHaveLength(2);
});

test('an answer that comes when nobody has to leave any more ends nobody', async () => {
  const { lab, group } = await withFunction(3);
  const asked: (() => void)[] = [];
  const { answerTermination } = lab;
  lab.answerTermination = async (payload) => {
    await new Promise<void>((resolve) => asked.push(resolve));
    return answerTermination(payload);
  };
  scaleTo(group, 2);
  await lab.clock.advance(500);
  scaleTo(group, 3);
  expect(asked).toHaveLength(1);
  const before = instancesOf(group);
  for (const answer of asked) answer();
  await lab.settle();
  expect(group.state.inService()).toEqual(before);
});
