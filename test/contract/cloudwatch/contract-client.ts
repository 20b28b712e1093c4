import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { CloudWatch } from '../../../local/cloud/cloudwatch/cloudwatch';
import { cloudWatchService } from '../../../local/cloud/cloudwatch/cloudwatch-service';
import { CloudJournal } from '../../../local/cloud/journal';
import { AwsEndpoint } from '../../../local/cloud/wire/aws-endpoint';
import { systemClock } from '../../../local/fleet-runner/system-clock';

export interface ContractTarget {
  client: CloudWatchClient;
  /** Of this run: what the suite makes carries it, and nothing else is touched. */
  name: string;
  close: () => Promise<void>;
}

/**
 * What the contract suite talks to: the local cloud, or with FLEET_CONTRACT_TARGET=aws the real account of the default
 * credentials and region.
 */
export async function contractClient(): Promise<ContractTarget> {
  const name = `contract-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  if (process.env['FLEET_CONTRACT_TARGET'] === 'aws') {
    const client = new CloudWatchClient({});
    return { client, name, close: async () => client.destroy() };
  }
  const cloudWatch = new CloudWatch({
    clock: systemClock,
    latencies: { metricDelayMs: 0 },
    identity: { region: 'eu-central-1', account: '123456789012', partition: 'aws' },
    journal: new CloudJournal(systemClock),
    bus: { publish: () => undefined },
    actionTargets: [],
  });
  const unexpected: unknown[] = [];
  const endpoint = await AwsEndpoint.start({
    services: [cloudWatchService(cloudWatch)],
    onUnexpected: (problem) => unexpected.push(problem),
  });
  const client = new CloudWatchClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return {
    client,
    name,
    close: async () => {
      client.destroy();
      await endpoint.close();
      if (unexpected.length > 0) throw new Error(`unexpected: ${JSON.stringify(unexpected)}`);
    },
  };
}

/** CloudWatch shows what was put only after a while. */
export const VISIBLE = { timeoutMs: 180_000 };

/** An alarm on a metric of this run that never has data. */
export async function putAlarm(
  { client, name }: ContractTarget,
  more: Partial<PutMetricAlarmCommandInput> = {},
): Promise<string> {
  const input: PutMetricAlarmCommandInput = {
    AlarmName: name,
    Namespace: name,
    MetricName: 'Load',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold',
    ...more,
  };
  await client.send(new PutMetricAlarmCommand(input));
  return input.AlarmName ?? '';
}

/** Removes what {@link putAlarm} made. */
export async function removeAlarms({ client, name }: ContractTarget): Promise<void> {
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: name }));
  const AlarmNames = MetricAlarms.flatMap(({ AlarmName }) => AlarmName ?? []);
  if (AlarmNames.length > 0) await client.send(new DeleteAlarmsCommand({ AlarmNames }));
}
