import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { pino } from 'pino';
import { CloudWatchPublisher } from '../../../node-app/aws/cloudwatch-publisher';
import type { NodeFigures } from '../../../node-app/aws/metric-data';
import { ManualClock } from '../../helpers/manual-clock';
import { nodeFigures } from './node-figures';

describe('publishing to CloudWatch', () => {
  const client = new CloudWatchClient({ region: 'eu-central-1' });
  const mock = mockClient(client);
  let clock: ManualClock;
  let figures: NodeFigures;
  let publisher: CloudWatchPublisher;

  beforeEach(() => {
    mock.reset();
    mock.on(PutMetricDataCommand).resolves({});
    clock = new ManualClock();
    figures = nodeFigures();
    publisher = new CloudWatchPublisher({
      client,
      autoScalingGroupName: 'nodes',
      figures: async () => figures,
      clock,
      random: () => 0.5,
      logger: pino({ level: 'silent' }),
    });
    publisher.start();
  });
  afterEach(() => publisher.close());

  const sent = () => mock.commandCalls(PutMetricDataCommand).map(({ args }) => args[0].input);
  const valuesOf = (name: string) =>
    sent().map(({ MetricData }) => MetricData?.find(({ MetricName }) => MetricName === name)?.Value);
  /** Of the request in flight. */
  const lastSignal = (): AbortSignal => {
    const args: unknown[] = mock.call(-1).args;
    const options = args[1] as { abortSignal: AbortSignal };
    return options.abortSignal;
  };
  const count = (noCapacity: number) => {
    figures = nodeFigures({ totals: { ...figures.totals, noCapacity } });
  };

  test('is one request per period of 10 s, each with the time its period began', async () => {
    await clock.advance(60_000);
    expect(sent()).toHaveLength(6);
    expect(new Set(sent().map(({ Namespace }) => Namespace))).toEqual(new Set(['MediasoupFleet']));
    const times = sent().map(({ MetricData }) => MetricData?.[0]?.Timestamp?.getTime() ?? 0);
    for (const [index, time] of times.entries()) {
      expect(time % 10_000).toBe(0);
      if (index > 0) expect(time - (times[index - 1] ?? 0)).toBe(10_000);
    }
  });

  test('a count that could not be sent comes with a later one, once', async () => {
    mock.on(PutMetricDataCommand).rejectsOnce(new Error('throttled')).resolves({});
    count(3);
    await clock.advance(10_000);
    count(4);
    await clock.advance(20_000);
    expect(valuesOf('NoCapacity')).toEqual([3, 4, 0]);
  });

  test('after the first failure the next period is tried, then fewer and fewer, and nothing piles up', async () => {
    mock.on(PutMetricDataCommand).rejects(new Error('away'));
    await clock.advance(20_000);
    expect(sent()).toHaveLength(2);
    await clock.advance(3_600_000);
    const tries = sent().length;
    expect(tries).toBeGreaterThan(20);
    expect(tries).toBeLessThan(40);
    expect(clock.waiting).toBe(1);
    mock.on(PutMetricDataCommand).resolves({});
    await clock.advance(170_000);
    mock.resetHistory();
    await clock.advance(60_000);
    expect(sent()).toHaveLength(6);
  });

  test('a request that hangs is given up before the next, and never overlaps it', async () => {
    let running = 0;
    let most = 0;
    mock.on(PutMetricDataCommand).callsFake(
      () =>
        new Promise((_resolve, reject) => {
          running += 1;
          most = Math.max(most, running);
          lastSignal().addEventListener('abort', () => {
            running -= 1;
            reject(new Error('aborted'));
          });
        }),
    );
    await clock.advance(600_000);
    expect(most).toBe(1);
    expect(sent().length).toBeGreaterThan(3);
  });

  test('figures that can not be had cost their period', async () => {
    publisher.close();
    let fails = true;
    const other = new CloudWatchPublisher({
      client,
      autoScalingGroupName: 'nodes',
      figures: async () => {
        if (fails) throw new Error('no figures');
        return nodeFigures();
      },
      clock,
      random: () => 0,
      logger: pino({ level: 'silent' }),
    });
    other.start();
    await clock.advance(10_000);
    expect(sent()).toHaveLength(0);
    fails = false;
    await clock.advance(10_000);
    expect(sent()).toHaveLength(1);
    other.close();
  });

  test('ends with the node, a request in flight too', async () => {
    const aborted = jest.fn();
    mock.on(PutMetricDataCommand).callsFake(() => {
      return new Promise((_resolve, reject) => {
        lastSignal().addEventListener('abort', () => {
          aborted();
          reject(new Error('aborted'));
        });
      });
    });
    await clock.advance(10_000);
    publisher.close();
    publisher.close();
    await clock.advance(60_000);
    expect(aborted).toHaveBeenCalledTimes(1);
    expect(sent()).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });
});
