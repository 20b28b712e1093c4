import { nextRunMs, type ScheduledAction } from '../../../local/cloud/autoscaling/scheduled-action';
import { AutoScalingLab } from './auto-scaling-lab';

const MORNING: ScheduledAction = {
  arn: 'arn:aws:autoscaling:eu-central-1:123456789012:scheduledUpdateGroupAction:1',
  name: 'morning',
  minSize: 4,
  maxSize: undefined,
  desiredCapacity: undefined,
  recurrence: '45 7 * * 1-5',
  timeZone: 'Europe/Berlin',
  startAtMs: undefined,
  endAtMs: undefined,
};

test.each([
  // Summer and winter time; a weekend between.
  ['2026-07-01T00:00:00Z', '2026-07-01T05:45:00Z'],
  ['2026-12-01T00:00:00Z', '2026-12-01T06:45:00Z'],
  ['2026-12-04T12:00:00Z', '2026-12-07T06:45:00Z'],
])('after %s it runs at %s, by its own time zone', (after, expected) => {
  expect(nextRunMs(MORNING, Date.parse(after))).toBe(Date.parse(expected));
});

test('between its start and its end only', () => {
  const action = {
    ...MORNING,
    startAtMs: Date.parse('2026-12-10T00:00:00Z'),
    endAtMs: Date.parse('2026-12-10T12:00:00Z'),
  };
  expect(nextRunMs(action, Date.parse('2026-12-01T00:00:00Z'))).toBe(Date.parse('2026-12-10T06:45:00Z'));
  expect(nextRunMs(action, Date.parse('2026-12-10T07:00:00Z'))).toBeUndefined();
});

test('a recurrence that is none is refused', () => {
  expect(() => nextRunMs({ ...MORNING, recurrence: 'every morning' }, 0)).toThrow();
  expect(() => nextRunMs({ ...MORNING, timeZone: 'Berlin' }, 0)).toThrow();
});

/** The manual clock begins a little after 1970, a Thursday. */
const DAY_MS = 86_400_000;

test('a higher floor raises the desired capacity, day after day', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  group.scheduledActions.put(MORNING);
  await lab.clock.advance(7 * 3_600_000);
  expect(group.state.desired).toBe(4);
  expect(group.state.activities.list()[0]?.cause).toMatch(
    /a scheduled action update of AutoScalingGroup constraints to min: 4, max: 10, desired: 4 changing the desired capacity from 2 to 4/,
  );
  group.state.settings = { ...group.state.settings, minSize: 2 };
  await lab.clock.advance(DAY_MS);
  expect(group.state.settings.minSize).toBe(4);
});

test('suspended, what falls due is left out', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  group.scheduledActions.put(MORNING);
  group.state.suspended.add('ScheduledActions');
  await lab.clock.advance(8 * 3_600_000);
  group.state.suspended.clear();
  group.reconcile();
  expect(group.state.desired).toBe(2);
});

test('an action without recurrence runs once, far ahead, and is forgotten', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup();
  const startAtMs = lab.clock.nowMs() + 3 * DAY_MS + 1_000;
  group.scheduledActions.put({
    ...MORNING,
    recurrence: undefined,
    startAtMs,
    minSize: 0,
    desiredCapacity: 0,
  });
  await lab.clock.advance(3 * DAY_MS);
  expect(group.state.desired).toBe(2);
  await lab.clock.advance(2_000);
  expect(group.state.desired).toBe(0);
  expect(group.scheduledActions.list()).toEqual([]);
});
