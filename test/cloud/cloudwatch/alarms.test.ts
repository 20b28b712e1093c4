import { cloudWatchFixture, SCALING_ARN, TOPIC_ARN } from './cloudwatch-fixture';

/** Manual clocks begin at a multiple of 10 s that is none of a minute. */
const START_MS = 1_000_000;

it('evaluates alarms of 10 s each 10 s, in the words of CloudWatch', async () => {
  const { cloudWatch, clock, put, alarm, journal, events } = cloudWatchFixture({ metricDelayMs: 2_000 });
  alarm();
  cloudWatch.start();
  await clock.advance(3_000);
  put('NoCapacity', 5, START_MS);
  await clock.advance(6_999);
  expect(cloudWatch.alarms.get('no-capacity')).toMatchObject({
    state: 'INSUFFICIENT_DATA',
    reason: 'Unchecked: Initial alarm creation',
  });
  await clock.advance(1);
  expect(cloudWatch.isInAlarm('no-capacity')).toBe(true);
  expect(cloudWatch.isInAlarm('another')).toBe(false);
  const reason =
    'Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/01/70 00:16:40)] was greater than or equal to the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).';
  expect(journal.entries()).toMatchObject([
    { kind: 'alarm', alarmName: 'no-capacity', from: 'INSUFFICIENT_DATA', to: 'ALARM', reason, value: 5 },
  ]);
  expect(events).toMatchObject([
    {
      source: 'aws.cloudwatch',
      detailType: 'CloudWatch Alarm State Change',
      resources: ['arn:aws:cloudwatch:eu-central-1:123456789012:alarm:no-capacity'],
      detail: {
        alarmName: 'no-capacity',
        configuration: {
          metrics: [
            {
              metricStat: {
                metric: {
                  namespace: 'MediasoupFleet',
                  name: 'NoCapacity',
                  dimensions: { AutoScalingGroupName: 'fleet-nodes' },
                },
                period: 10,
                stat: 'Sum',
              },
              returnData: true,
            },
          ],
        },
        state: { value: 'ALARM', reason, timestamp: '1970-01-01T00:16:50.000+0000' },
        previousState: { value: 'INSUFFICIENT_DATA', timestamp: '1970-01-01T00:16:40.000+0000' },
      },
    },
  ]);
  cloudWatch.close();
  expect(clock.waiting).toBe(0);
});

it('evaluates longer periods each minute, over windows that end then', async () => {
  const { cloudWatch, clock, put, alarm } = cloudWatchFixture();
  alarm({ Period: 300, Threshold: 2 });
  cloudWatch.start();
  put('NoCapacity', 2, START_MS);
  await clock.advance(19_999);
  expect(cloudWatch.alarms.get('no-capacity')?.state).toBe('INSUFFICIENT_DATA');
  await clock.advance(1);
  expect(cloudWatch.alarms.get('no-capacity')).toMatchObject({ state: 'ALARM', stateSinceMs: 1_020_000 });
  expect(cloudWatch.alarms.get('no-capacity')?.reason).toContain('[2.0 (01/01/70 00:12:00)]');
});

it('repeats scaling actions each minute while it lasts, topics only hear of the change', async () => {
  const { cloudWatch, clock, put, alarm, performed } = cloudWatchFixture();
  alarm({ OKActions: [TOPIC_ARN] });
  cloudWatch.start();
  for (let second = 0; second < 150; second += 10) {
    put('NoCapacity', 1 + second);
    await clock.advance(10_000);
  }
  expect(
    performed.map(({ arn, atMs, state, previousState, metricValue }) => [
      arn,
      atMs - START_MS,
      state,
      previousState,
      metricValue,
    ]),
  ).toEqual([
    [SCALING_ARN, 10_000, 'ALARM', 'INSUFFICIENT_DATA', 1],
    [TOPIC_ARN, 10_000, 'ALARM', 'INSUFFICIENT_DATA', 1],
    [SCALING_ARN, 70_000, 'ALARM', 'ALARM', 61],
    [SCALING_ARN, 130_000, 'ALARM', 'ALARM', 121],
  ]);
  // The last value stays in the evaluation range for two more periods.
  await clock.advance(20_000);
  expect(cloudWatch.alarms.get('no-capacity')?.state).toBe('ALARM');
  await clock.advance(10_000);
  expect(performed.at(-1)).toMatchObject({
    arn: TOPIC_ARN,
    state: 'OK',
    previousState: 'ALARM',
    metricValue: undefined,
  });
  expect(cloudWatch.alarms.get('no-capacity')?.reason).toBe(
    'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
  );
  await clock.advance(300_000);
  expect(performed).toHaveLength(5);
});

it('needs M of N points, wherever they lie', async () => {
  const { cloudWatch, clock, put, alarm } = cloudWatchFixture();
  alarm({ EvaluationPeriods: 5, DatapointsToAlarm: 3 });
  cloudWatch.start();
  const states: (string | undefined)[] = [];
  for (const value of [1, 0, 1, 0, 1, 0, 0, 0]) {
    put('NoCapacity', value);
    await clock.advance(10_000);
    states.push(cloudWatch.alarms.get('no-capacity')?.state);
  }
  expect(states).toEqual(['OK', 'OK', 'OK', 'OK', 'ALARM', 'OK', 'OK', 'OK']);
  expect(cloudWatch.alarms.historyOf('no-capacity').map(({ summary }) => summary)).toContain(
    'Alarm updated from OK to ALARM',
  );
});

it('goes on while an action leads nowhere, and says so in its history', async () => {
  const { cloudWatch, clock, put, alarm } = cloudWatchFixture();
  const nowhere = 'arn:aws:sns:eu-central-1:123456789012:nobody';
  alarm({ AlarmActions: [nowhere, SCALING_ARN] });
  cloudWatch.start();
  put('NoCapacity', 1);
  await clock.advance(10_000);
  expect(cloudWatch.alarms.historyOf().map(({ summary }) => summary)).toEqual([
    'Alarm "no-capacity" created',
    'Alarm updated from INSUFFICIENT_DATA to ALARM',
    `Failed to execute action ${nowhere}`,
    `Successfully executed action ${SCALING_ARN}`,
  ]);
});

it('keeps its state when it is put again, and performs nothing while actions are disabled', async () => {
  const { cloudWatch, clock, put, alarm, performed, events } = cloudWatchFixture();
  alarm();
  cloudWatch.start();
  cloudWatch.alarms.enableActions(['no-capacity', 'unknown'], false);
  put('NoCapacity', 1);
  await clock.advance(10_000);
  expect(events).toHaveLength(1);
  expect(performed).toEqual([]);
  alarm({ Threshold: 0 });
  expect(cloudWatch.alarms.get('no-capacity')?.state).toBe('ALARM');
});

it('hears of late values: a breach that came late is a breach', async () => {
  const { cloudWatch, clock, put, alarm } = cloudWatchFixture();
  alarm();
  cloudWatch.start();
  put('NoCapacity', 0);
  await clock.advance(10_000);
  expect(cloudWatch.alarms.get('no-capacity')?.state).toBe('OK');
  put('NoCapacity', 3, START_MS);
  await clock.advance(10_000);
  expect(cloudWatch.alarms.get('no-capacity')?.state).toBe('ALARM');
});

it('shows a page its state, history and values, worked out anew only when a period ends', async () => {
  const { cloudWatch, clock, put, alarm } = cloudWatchFixture();
  alarm();
  cloudWatch.start();
  put('NoCapacity', 4);
  await clock.advance(10_000);
  const read = jest.spyOn(cloudWatch.metrics, 'read');
  const view = cloudWatch.alarms.view('no-capacity');
  expect(view).toMatchObject({ state: 'ALARM', threshold: 1, periodSeconds: 10, label: 'NoCapacity' });
  expect(view?.values).toHaveLength(60);
  expect(view?.values.at(-1)).toBe(4);
  expect((view?.startMs ?? 0) + 60 * 10_000).toBe(clock.nowMs());
  expect(view?.history[0]?.summary).toContain('Successfully executed');
  await clock.advance(9_000);
  cloudWatch.alarms.view('no-capacity');
  expect(read).toHaveBeenCalledTimes(1);
  expect(cloudWatch.alarms.view('unknown')).toBeUndefined();
});
