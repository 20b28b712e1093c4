import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { METRIC_DIMENSION, METRIC_NAMESPACE, type MetricName } from '../../core/deployment/fleet-metrics';
import type { CaretakerMetric } from '../../core/drain/caretaker-metrics';

export interface FleetAlarmProps {
  /** What a person reads at three in the morning: what is wrong and where the runbook is. */
  readonly description: string;
  /** Topic or scaling policy. */
  readonly actions: readonly string[];
  /** @default a generated name */
  readonly name?: string;
  readonly comparison:
    | 'GreaterThanThreshold'
    | 'GreaterThanOrEqualToThreshold'
    | 'LessThanThreshold'
    | 'LessThanOrEqualToThreshold';
  readonly threshold: number;
  readonly evaluationPeriods: number;
  /** @default evaluationPeriods */
  readonly datapointsToAlarm?: number;
  /** What a missing data point counts as. No default: each alarm has to think of it. */
  readonly missingData: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
  /** One metric, or the terms and expressions of metric math, of which exactly one returns data. */
  readonly metric: AlarmMetric | cloudwatch.CfnAlarm.MetricDataQueryProperty[];
}

export interface AlarmMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Record<string, string>;
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'SampleCount' | 'Sum';
  readonly periodSeconds: number;
}

/**
 * An alarm by its CloudFormation properties. The CDK's own alarms and scaling helpers drop or reset short periods and
 * leave out how missing data is treated.
 */
export function fleetAlarm(scope: Construct, id: string, props: FleetAlarmProps): cloudwatch.CfnAlarm {
  const { metric } = props;
  return new cloudwatch.CfnAlarm(scope, id, {
    alarmName: props.name,
    alarmDescription: props.description,
    alarmActions: [...props.actions],
    comparisonOperator: props.comparison,
    threshold: props.threshold,
    evaluationPeriods: props.evaluationPeriods,
    datapointsToAlarm: props.datapointsToAlarm ?? props.evaluationPeriods,
    treatMissingData: props.missingData,
    ...('namespace' in metric
      ? {
          namespace: metric.namespace,
          metricName: metric.name,
          dimensions: dimensionList(metric.dimensions),
          statistic: metric.statistic,
          period: metric.periodSeconds,
        }
      : { metrics: [...metric] }),
  });
}

/** A metric that the nodes of a group, or the Lambdas that see them out, publish. */
export function poolMetric(
  groupName: string,
  name: MetricName | CaretakerMetric,
  statistic: AlarmMetric['statistic'],
  periodSeconds: number,
): AlarmMetric {
  return {
    namespace: METRIC_NAMESPACE,
    name,
    dimensions: { [METRIC_DIMENSION]: groupName },
    statistic,
    periodSeconds,
  };
}

/** A metric as a term of metric math. */
export function term(id: string, metric: AlarmMetric): cloudwatch.CfnAlarm.MetricDataQueryProperty {
  return {
    id,
    returnData: false,
    metricStat: {
      metric: {
        namespace: metric.namespace,
        metricName: metric.name,
        dimensions: dimensionList(metric.dimensions),
      },
      period: metric.periodSeconds,
      stat: metric.statistic,
    },
  };
}

/** A step of metric math. The last one of an alarm says `returnData`. */
export function expression(
  id: string,
  formula: string,
  more: { label?: string; returnData?: boolean } = {},
): cloudwatch.CfnAlarm.MetricDataQueryProperty {
  return { id, expression: formula, label: more.label ?? id, returnData: more.returnData ?? false };
}

function dimensionList(dimensions: Record<string, string>): cloudwatch.CfnAlarm.DimensionProperty[] {
  return Object.entries(dimensions).map(([name, value]) => ({ name, value }));
}
