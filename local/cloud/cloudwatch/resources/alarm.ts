import { ComparisonOperator, StandardUnit, Statistic } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import type { ResourceInput, ResourceType } from '../../ports/resource-type';
import { readAlarmDefinition } from '../alarm-definition';
import type { CloudWatch } from '../cloudwatch';

// CloudFormation gives numbers and booleans as strings at times.
const number = z.coerce.number();
const boolean = z.preprocess(
  (value) => (value === 'true' || value === 'false' ? value === 'true' : value),
  z.boolean(),
);
const dimensions = z.array(z.object({ Name: z.string(), Value: z.string() }));

const metricQuery = z.object({
  Id: z.string(),
  Expression: z.string().optional(),
  Label: z.string().optional(),
  ReturnData: boolean.optional(),
  Period: number.optional(),
  AccountId: z.string().optional(),
  MetricStat: z
    .object({
      Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions.optional() }),
      Period: number,
      Stat: z.string(),
      Unit: z.enum(StandardUnit).optional(),
    })
    .optional(),
});

const properties = z.object({
  AlarmName: z.string().optional(),
  AlarmDescription: z.string().optional(),
  ActionsEnabled: boolean.optional(),
  OKActions: z.array(z.string()).optional(),
  AlarmActions: z.array(z.string()).optional(),
  InsufficientDataActions: z.array(z.string()).optional(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: dimensions.optional(),
  Statistic: z.enum(Statistic).optional(),
  ExtendedStatistic: z.string().optional(),
  Period: number.optional(),
  Unit: z.enum(StandardUnit).optional(),
  EvaluationPeriods: number,
  DatapointsToAlarm: number.optional(),
  Threshold: number.optional(),
  ThresholdMetricId: z.string().optional(),
  ComparisonOperator: z.enum(ComparisonOperator),
  TreatMissingData: z.string().optional(),
  EvaluateLowSampleCountPercentile: z.string().optional(),
  Metrics: z.array(metricQuery).optional(),
});

type AlarmProperties = z.output<typeof properties>;

/** `AWS::CloudWatch::Alarm`, by what PutMetricAlarm takes and refuses. */
export function alarmResource(cloudWatch: CloudWatch): ResourceType<AlarmProperties> {
  const put = (resource: ResourceInput<AlarmProperties>) => {
    const alarm = cloudWatch.alarms.put(
      readAlarmDefinition({ ...resource.properties, AlarmName: nameOf(resource) }),
    );
    return { ref: alarm.name, attributes: { Arn: alarm.arn } };
  };
  const remove = (resource: ResourceInput<AlarmProperties>) => {
    const name = nameOf(resource);
    if (cloudWatch.alarms.get(name)) cloudWatch.alarms.delete([name]);
  };
  return {
    type: 'AWS::CloudWatch::Alarm',
    properties,
    inert: ['Tags'],
    create: put,
    update: (resource, previous) => {
      const created = put(resource);
      // Another name is another alarm.
      if (nameOf(previous) !== created.ref) remove(previous);
      return created;
    },
    remove,
  };
}

/** CloudFormation makes up a name of these parts, and of random ones. */
function nameOf({ stackName, logicalId, properties: { AlarmName } }: ResourceInput<AlarmProperties>): string {
  return AlarmName ?? `${stackName}-${logicalId}`;
}
