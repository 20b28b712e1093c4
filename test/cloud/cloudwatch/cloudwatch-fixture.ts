import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import { CloudWatch } from '../../../local/cloud/cloudwatch/cloudwatch';
import { readAlarmDefinition } from '../../../local/cloud/cloudwatch/alarm-definition';
import { CloudJournal } from '../../../local/cloud/journal';
import type { AlarmTrigger } from '../../../local/cloud/ports/alarm-action';
import type { BusEvent } from '../../../local/cloud/ports/event-bus';
import { ManualClock } from '../../helpers/manual-clock';

export const SCALING_ARN =
  'arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:1:autoScalingGroupName/g:policyName/p';
export const TOPIC_ARN = 'arn:aws:sns:eu-central-1:123456789012:alarms';

export const DIMENSIONS = { AutoScalingGroupName: 'fleet-nodes' };

/** CloudWatch on a clock that the test moves, with what it did to others. */
export function cloudWatchFixture({ metricDelayMs = 0 } = {}) {
  const clock = new ManualClock();
  const journal = new CloudJournal(clock);
  const events: BusEvent[] = [];
  const performed: (AlarmTrigger & { arn: string })[] = [];
  const cloudWatch = new CloudWatch({
    clock,
    latencies: { metricDelayMs },
    identity: { region: 'eu-central-1', account: '123456789012', partition: 'aws' },
    journal,
    bus: { publish: (event) => events.push(event) },
    actionTargets: [
      {
        perform: (arn, trigger) => {
          if (arn !== SCALING_ARN && arn !== TOPIC_ARN) return false;
          performed.push({ ...trigger, arn });
          return true;
        },
      },
    ],
  });
  return {
    clock,
    journal,
    events,
    performed,
    cloudWatch,
    /** A value of the fleet's namespace and dimension. */
    put: (name: string, value: number, atMs = clock.nowMs()) =>
      cloudWatch.metrics.record([
        { namespace: 'MediasoupFleet', name, dimensions: DIMENSIONS, value, atMs, resolutionSeconds: 1 },
      ]),
    alarm: (input: Partial<PutMetricAlarmInput> = {}) =>
      cloudWatch.alarms.put(readAlarmDefinition({ ...NO_CAPACITY, ...input })),
  };
}

export const NO_CAPACITY: PutMetricAlarmInput = {
  AlarmName: 'no-capacity',
  Namespace: 'MediasoupFleet',
  MetricName: 'NoCapacity',
  Dimensions: [{ Name: 'AutoScalingGroupName', Value: 'fleet-nodes' }],
  Statistic: 'Sum',
  Period: 10,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
  AlarmActions: [SCALING_ARN, TOPIC_ARN],
};
