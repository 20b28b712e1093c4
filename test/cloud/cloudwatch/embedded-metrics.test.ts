import { createLog } from '../../../lambdas/common/log';
import { embeddedMetrics } from '../../../local/cloud/cloudwatch/embedded-metrics';

it('reads what the functions of the fleet count', () => {
  const lines: string[] = [];
  const log = createLog({ groupName: 'fleet-nodes', nowMs: () => 5_000, write: (line) => lines.push(line) });
  log.count({ DrainsFailed: 1, RetainedInstances: 2 });
  log.info('not a metric');
  const common = {
    namespace: 'MediasoupFleet',
    dimensions: { AutoScalingGroupName: 'fleet-nodes' },
    atMs: 5_000,
    unit: 'Count',
  };
  expect(lines.flatMap(embeddedMetrics)).toEqual([
    { ...common, name: 'DrainsFailed', value: 1 },
    { ...common, name: 'RetainedInstances', value: 2 },
  ]);
});

const LINE = {
  _aws: {
    Timestamp: 1,
    CloudWatchMetrics: [
      {
        Namespace: 'N',
        Dimensions: [['a'], ['a', 'b'], []],
        Metrics: [{ Name: 'm', StorageResolution: 1 }, { Name: 'absent' }],
      },
    ],
  },
  a: 'x',
  m: [1, 2],
};

it('gives a value for each dimension set whose members are there, and each number of a list', () => {
  expect(embeddedMetrics(JSON.stringify(LINE))).toMatchObject([
    { name: 'm', value: 1, dimensions: { a: 'x' }, resolutionSeconds: 1 },
    { name: 'm', value: 2, dimensions: { a: 'x' }, resolutionSeconds: 1 },
    { name: 'm', value: 1, dimensions: {} },
    { name: 'm', value: 2, dimensions: {} },
  ]);
});

it.each([
  ['text', 'START RequestId: 1'],
  ['half a line', '{"_aws":{"CloudWatchMetrics"'],
  ['a list', '["CloudWatchMetrics"]'],
  ['no timestamp', JSON.stringify({ ...LINE, _aws: { CloudWatchMetrics: LINE._aws.CloudWatchMetrics } })],
  ['a value that is no number', JSON.stringify({ ...LINE, m: '1' })],
  [
    'a dimension that is no text',
    JSON.stringify({
      ...LINE,
      a: 1,
      _aws: {
        ...LINE._aws,
        CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['a']], Metrics: [{ Name: 'm' }] }],
      },
    }),
  ],
])('finds nothing in %s', (_, text) => {
  expect(embeddedMetrics(text)).toEqual([]);
});
