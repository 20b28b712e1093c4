import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { Alarm } from './alarm';

/** An alarm as the describe calls tell it. */
export function metricAlarmOutput(alarm: Alarm): MetricAlarm {
  const { input, rule } = alarm.definition;
  return {
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    AlarmDescription: input.AlarmDescription,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAtMs),
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: [...alarm.definition.actions.OK],
    AlarmActions: [...alarm.definition.actions.ALARM],
    InsufficientDataActions: [...alarm.definition.actions.INSUFFICIENT_DATA],
    StateValue: alarm.state,
    StateReason: alarm.reason,
    StateReasonData: alarm.reasonData,
    StateUpdatedTimestamp: new Date(alarm.stateSinceMs),
    StateTransitionedTimestamp: new Date(alarm.stateSinceMs),
    MetricName: input.MetricName,
    Namespace: input.Namespace,
    Statistic: input.Statistic,
    ExtendedStatistic: input.ExtendedStatistic,
    Dimensions: input.Dimensions ?? [],
    Period: input.Period,
    Unit: input.Unit,
    EvaluationPeriods: rule.evaluationPeriods,
    DatapointsToAlarm: input.DatapointsToAlarm,
    Threshold: rule.threshold,
    ComparisonOperator: rule.comparison,
    TreatMissingData: input.TreatMissingData,
    EvaluateLowSampleCountPercentile: input.EvaluateLowSampleCountPercentile,
    Metrics: input.Metrics,
  };
}
