import { PutMetricAlarm$, type PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import { readAlarmDefinition } from '../alarm-definition';
import type { CloudWatch } from '../cloudwatch';

export function putMetricAlarm(cloudWatch: CloudWatch): Operation {
  return operation(PutMetricAlarm$, (input: PutMetricAlarmCommandInput) => {
    cloudWatch.alarms.put(readAlarmDefinition(input));
    return {};
  });
}
