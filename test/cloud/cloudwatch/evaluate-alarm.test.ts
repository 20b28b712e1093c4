import { evaluateAlarm, type MissingData } from '../../../local/cloud/cloudwatch/evaluate-alarm';

/** As the user guide writes points: 0 is fine, X breaches, - is missing; the newest stands last. */
function state(points: string, datapointsToAlarm: number, treatMissingData: MissingData): string {
  const verdict = evaluateAlarm(
    {
      comparison: 'GreaterThanThreshold',
      threshold: 1,
      evaluationPeriods: 3,
      datapointsToAlarm,
      treatMissingData,
    },
    points.split(' ').map((mark) => (mark === '-' ? undefined : mark === 'X' ? 2 : 0)),
  );
  return verdict.state ?? 'stays';
}

// User guide, "Configuring how CloudWatch alarms treat missing data": rows with missing, ignore, breaching, notBreaching.
const ALL = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;

it.each([
  ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
  ['0 - - - -', ['OK', 'OK', 'OK', 'OK']],
  ['- - - - -', ['INSUFFICIENT_DATA', 'stays', 'ALARM', 'OK']],
  ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['- - X - -', ['ALARM', 'stays', 'ALARM', 'OK']],
  // Of the text below the tables, and of an earlier edition of the first.
  ['- - - - X', ['INSUFFICIENT_DATA', 'stays', 'ALARM', 'OK']],
  ['- - - X -', ['INSUFFICIENT_DATA', 'stays', 'ALARM', 'OK']],
  ['X - - - -', ['ALARM', 'stays', 'ALARM', 'OK']],
  ['- - - X 0', ['OK', 'OK', 'OK', 'OK']],
])('3 of 3: %s', (points, expected) => {
  expect(ALL.map((treatment) => state(points, 3, treatment))).toEqual(expected);
});

it.each([
  ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - X -', ['ALARM', 'stays', 'ALARM', 'OK']],
  ['- - - - X', ['INSUFFICIENT_DATA', 'stays', 'ALARM', 'OK']],
])('2 of 3: %s', (points, expected) => {
  expect(ALL.map((treatment) => state(points, 2, treatment))).toEqual(expected);
});

it.each([
  ['GreaterThanOrEqualToThreshold', 1, 'ALARM'],
  ['GreaterThanThreshold', 1, 'OK'],
  ['LessThanThreshold', 1, 'OK'],
  ['LessThanOrEqualToThreshold', 1, 'ALARM'],
] as const)('%s at the threshold itself', (comparison, value, expected) => {
  const rule = { comparison, threshold: 1, evaluationPeriods: 1, datapointsToAlarm: 1 };
  expect(evaluateAlarm({ ...rule, treatMissingData: 'missing' }, [value]).state).toBe(expected);
});
