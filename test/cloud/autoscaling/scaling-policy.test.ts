import { decideStep, type StepFacts, type StepRule } from '../../../local/cloud/autoscaling/step-scaling';
import { AutoScalingLab, instancesOf, LAUNCH_HOOK, TERMINATE_HOOK } from './auto-scaling-lab';

describe('the step of a breach', () => {
  // The example of the user guide, "Step adjustments": threshold 50, ten instances.
  const OUT: StepRule = {
    adjustmentType: 'PercentChangeInCapacity',
    minAdjustmentMagnitude: undefined,
    steps: [
      { lowerBound: 0, upperBound: 10, adjustment: 0 },
      { lowerBound: 10, upperBound: 20, adjustment: 10 },
      { lowerBound: 20, upperBound: undefined, adjustment: 30 },
    ],
  };
  const IN: StepRule = {
    adjustmentType: 'PercentChangeInCapacity',
    minAdjustmentMagnitude: undefined,
    steps: [
      { lowerBound: -10, upperBound: 0, adjustment: 0 },
      { lowerBound: -20, upperBound: -10, adjustment: -10 },
      { lowerBound: undefined, upperBound: -20, adjustment: -30 },
    ],
  };
  const FACTS: StepFacts = {
    metricValue: 50,
    threshold: 50,
    desired: 10,
    min: 0,
    max: 100,
    ready: 10,
    warming: 0,
    terminating: 0,
  };

  test.each([
    [OUT, { metricValue: 59 }, 10],
    [OUT, { metricValue: 60 }, 11],
    // 10 % of the ten that have warmed up are there already; 30 % of them are 13.
    [OUT, { metricValue: 62, desired: 11, ready: 10, warming: 1 }, 11],
    [OUT, { metricValue: 70, desired: 11, ready: 10, warming: 1 }, 13],
    // 3.3, rounded down.
    [OUT, { metricValue: 70, desired: 11, ready: 11 }, 14],
    [IN, { metricValue: 41, desired: 14, ready: 14 }, 14],
    // Below the threshold the upper bound is inclusive; 1.4, rounded to 1.
    [IN, { metricValue: 40, desired: 14, ready: 14 }, 13],
    // 3.9, rounded to 3.
    [IN, { metricValue: 30, desired: 13, ready: 13 }, 10],
    // Less than one is one.
    [OUT, { metricValue: 60, desired: 2, ready: 2 }, 3],
  ])('of the user guide: %#', (rule, facts, desired) => {
    expect(decideStep(rule, { ...FACTS, ...facts }).desired).toBe(desired);
  });

  test('a percentage adds its minimum at least', () => {
    const rule = { ...OUT, minAdjustmentMagnitude: 2 };
    expect(decideStep(rule, { ...FACTS, metricValue: 60, desired: 4, ready: 4 }).desired).toBe(6);
  });

  test('an exact capacity is set, in either direction', () => {
    const rule: StepRule = {
      adjustmentType: 'ExactCapacity',
      minAdjustmentMagnitude: undefined,
      steps: [{ lowerBound: 0, upperBound: undefined, adjustment: 5 }],
    };
    expect(decideStep(rule, FACTS).desired).toBe(5);
    expect(decideStep(rule, { ...FACTS, desired: 3, ready: 3 }).desired).toBe(5);
  });

  test('no step lies there', () => {
    expect(decideStep(OUT, { ...FACTS, metricValue: 49 })).toMatchObject({ desired: 10, outcome: 'no step' });
  });

  test('what terminates counts while scaling in, so that no more leave than needed', () => {
    const facts = { ...FACTS, metricValue: 40, desired: 9, ready: 9, terminating: 1 };
    expect(decideStep(IN, facts)).toMatchObject({ desired: 9, outcome: 'nothing to remove' });
  });
});

const SCALE_IN = { name: 'in', steps: [{ lowerBound: undefined, upperBound: 0, adjustment: -1 }] };

test('an alarm adds instances, and an activity says so in the words of Auto Scaling', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  await lab.settle();
  expect(lab.alarm(lab.putPolicy(), 0.7)).toBe(true);
  expect(group.state.desired).toBe(3);
  expect(group.state.activities.list()[0]?.cause).toMatch(
    /^At \S+Z a monitor alarm busy in state ALARM triggered policy out changing the desired capacity from 2 to 3\. {2}At \S+Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 2 to 3\.$/,
  );
});

test('the same breach adds nothing twice while an instance boots, waits and warms up, and a larger one the rest', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: [LAUNCH_HOOK], minSize: 2 });
  await lab.clock.advance(8_000);
  for (const instance of instancesOf(group)) lab.complete(instance, 'CONTINUE');
  await lab.clock.advance(60_000);
  const policy = lab.putPolicy();
  lab.alarm(policy, 0.7);
  await lab.clock.advance(60_000);
  lab.alarm(policy, 0.7);
  expect(group.state.desired).toBe(3);
  lab.alarm(policy, 0.9);
  expect(group.state.desired).toBe(4);
  await lab.clock.advance(8_000);
  for (const instance of instancesOf(group)) if (instance.isPending) lab.complete(instance, 'CONTINUE');
  // The warm-up begins in service, after the hook.
  await lab.clock.advance(59_000);
  lab.alarm(policy, 0.7);
  expect(group.state.desired).toBe(4);
  await lab.clock.advance(1_000);
  lab.alarm(policy, 0.7);
  expect(group.state.desired).toBe(5);
});

test("a policy's own warm-up counts before the group's", async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  await lab.settle();
  const policy = lab.putPolicy({ estimatedInstanceWarmupSeconds: 600 });
  lab.alarm(policy, 0.7);
  expect(group.state.desired).toBe(2);
  await lab.clock.advance(600_000);
  lab.alarm(policy, 0.7);
  expect(group.state.desired).toBe(3);
});

test('of two alarms at once the larger scale-out counts, not their sum', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  await lab.settle();
  lab.alarm(lab.putPolicy(), 0.7);
  lab.alarm(
    lab.putPolicy({ name: 'no-capacity', steps: [{ lowerBound: 0, upperBound: undefined, adjustment: 2 }] }),
    1,
    { alarmName: 'no-capacity' },
  );
  expect(group.state.desired).toBe(4);
});

test('nothing scales in while an instance warms up', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ minSize: 1, desiredCapacity: 3 });
  const policy = lab.putPolicy(SCALE_IN);
  await lab.clock.advance(30_000);
  lab.alarm(policy, 0.1);
  expect(group.state.desired).toBe(3);
  await lab.clock.advance(60_000);
  lab.alarm(policy, 0.1);
  expect(group.state.desired).toBe(2);
});

test('a long drain holds the next scale-in up', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ hooks: [TERMINATE_HOOK], minSize: 1, desiredCapacity: 4 });
  await lab.settle();
  const policy = lab.putPolicy(SCALE_IN);
  lab.alarm(policy, 0.1);
  await lab.clock.advance(60_000);
  lab.alarm(policy, 0.1);
  expect(group.state.desired).toBe(3);
  const leaving = instancesOf(group).find(({ state }) => state === 'Terminating:Wait');
  if (!leaving) throw new Error('nobody leaves');
  lab.complete(leaving, 'CONTINUE');
  await lab.clock.advance(60_000);
  lab.alarm(policy, 0.1);
  expect(group.state.desired).toBe(2);
});

test('never above the maximum, never below the minimum', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ minSize: 2, maxSize: 3 });
  await lab.settle();
  lab.alarm(lab.putPolicy(), 0.9);
  expect(group.state.desired).toBe(3);
  await lab.settle();
  lab.alarm(
    lab.putPolicy({ ...SCALE_IN, steps: [{ lowerBound: undefined, upperBound: 0, adjustment: -5 }] }),
    0.1,
  );
  expect(group.state.desired).toBe(2);
});

test.each([
  ['OK', 0.9],
  ['INSUFFICIENT_DATA', undefined],
  // A breach of unknown size chooses no step.
  ['ALARM', undefined],
] as const)('%s with %s scales nothing', async (state, value) => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  await lab.settle();
  expect(lab.alarm(lab.putPolicy(), value, { state })).toBe(true);
  expect(group.state.desired).toBe(2);
});

test('alarms are not heard while AlarmNotification is suspended', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  await lab.settle();
  group.state.suspended.add('AlarmNotification');
  lab.alarm(lab.putPolicy(), 0.9);
  expect(group.state.desired).toBe(2);
});

test('an action of somebody else is not for Auto Scaling', () => {
  const lab = new AutoScalingLab();
  lab.createGroup();
  const policy = lab.putPolicy();
  expect(lab.alarm({ ...policy, arn: 'arn:aws:sns:eu-central-1:123456789012:topic' }, 0.9)).toBe(false);
});
