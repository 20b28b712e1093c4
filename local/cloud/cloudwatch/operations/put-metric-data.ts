import { PutMetricData$, type PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import type { CloudWatch } from '../cloudwatch';
import { invalidValue, missingParameter, notSimulated } from '../cloudwatch-error';
import { readMetricDatum } from '../read-metric-datum';
import { isText } from '../read-dimensions';

/** API reference, PutMetricData. */
const MAX_METRICS = 1_000;

export function putMetricData(cloudWatch: CloudWatch): Operation {
  return operation(PutMetricData$, (input: PutMetricDataCommandInput) => {
    const { Namespace: namespace, MetricData: data } = input;
    if (!namespace) throw missingParameter('Namespace');
    // AWS' own namespaces are its services' (same page, Namespace).
    if (!isText(namespace) || /^(:|AWS\/)/.test(namespace) || namespace.length > 255) {
      throw invalidValue(`The value ${namespace} for parameter Namespace is invalid.`);
    }
    if (input.EntityMetricData) throw notSimulated('metrics with entities');
    if (!data || data.length === 0) throw missingParameter('MetricData');
    if (data.length > MAX_METRICS) {
      throw invalidValue(`The collection MetricData must not have a size greater than ${MAX_METRICS}.`);
    }
    const at = { namespace, nowMs: cloudWatch.clock.nowMs() };
    // All are read before any is taken: a refused request leaves nothing behind.
    const points = data.map((datum, index) => readMetricDatum(datum, `MetricData.member.${index + 1}`, at));
    if (!cloudWatch.faults.loses(points)) cloudWatch.metrics.put(points);
    return {};
  });
}
