import type { AlarmState } from '../ports/alarm-action';
import type { BusEvent } from '../ports/event-bus';
import type { Alarm } from './alarm';
import { longTime } from './alarm-reason';
import type { MetricQuery } from './metric-query';

export interface StateAt {
  value: AlarmState;
  reason: string;
  reasonData: string | undefined;
  atMs: number;
}

/** User guide, "Alarm events and EventBridge". */
export function alarmStateChange(alarm: Alarm, state: StateAt, previousState: StateAt): BusEvent {
  const { input, queries } = alarm.definition;
  return {
    source: 'aws.cloudwatch',
    detailType: 'CloudWatch Alarm State Change',
    resources: [alarm.arn],
    detail: {
      alarmName: alarm.name,
      configuration: {
        ...(input.AlarmDescription !== undefined && { description: input.AlarmDescription }),
        metrics: queries.map((query, index) => describe(query, input.Metrics?.[index]?.Expression)),
      },
      state: describeState(state),
      previousState: describeState(previousState),
    },
  };
}

function describeState({ value, reason, reasonData, atMs }: StateAt) {
  return { value, reason, ...(reasonData !== undefined && { reasonData }), timestamp: longTime(atMs) };
}

function describe(query: MetricQuery, expression: string | undefined) {
  const { id, label, returnData } = query;
  if (query.kind === 'expression')
    return { id, expression, ...(label !== undefined && { label }), returnData };
  const { metric, statistic, unit } = query.what;
  return {
    id,
    metricStat: {
      metric: { namespace: metric.namespace, name: metric.name, dimensions: metric.dimensions },
      period: query.periodSeconds,
      stat: statistic.text,
      ...(unit !== undefined && { unit }),
    },
    returnData,
  };
}
