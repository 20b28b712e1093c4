import {
  DescribeAlarmsForMetric$,
  type DescribeAlarmsForMetricCommandInput,
  type DescribeAlarmsForMetricCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import type { CloudWatch } from '../cloudwatch';
import { missingParameter } from '../cloudwatch-error';
import { metricAlarmOutput } from '../metric-alarm-output';
import { metricKey } from '../metric-id';
import { readDimensions } from '../read-dimensions';

export function describeAlarmsForMetric(cloudWatch: CloudWatch): Operation {
  return operation(
    DescribeAlarmsForMetric$,
    (input: DescribeAlarmsForMetricCommandInput): Omit<DescribeAlarmsForMetricCommandOutput, '$metadata'> => {
      const { Namespace, MetricName, Statistic, ExtendedStatistic, Period, Unit } = input;
      if (!MetricName) throw missingParameter('MetricName');
      if (!Namespace) throw missingParameter('Namespace');
      const key = metricKey({
        namespace: Namespace,
        name: MetricName,
        dimensions: readDimensions(input.Dimensions, 'Dimensions'),
      });
      const text = Statistic ?? ExtendedStatistic;
      const found = cloudWatch.alarms.all().filter(({ definition: { watched, input: given } }) => {
        // Alarms on expressions are not told, even if the metric is in one (API reference, DescribeAlarmsForMetric).
        if (given.Metrics || watched.kind !== 'metric') return false;
        const { metric, statistic, unit } = watched.what;
        return (
          metricKey(metric) === key &&
          (text === undefined || statistic.text === text) &&
          (Period === undefined || watched.periodSeconds === Period) &&
          (Unit === undefined || unit === Unit)
        );
      });
      return { MetricAlarms: found.map(metricAlarmOutput) };
    },
  );
}
