import { EnableAlarmActions$, type EnableAlarmActionsCommandInput } from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import { readAlarmNames } from '../alarm-names';
import type { CloudWatch } from '../cloudwatch';

export function enableAlarmActions(cloudWatch: CloudWatch): Operation {
  return operation(EnableAlarmActions$, (input: EnableAlarmActionsCommandInput) => {
    cloudWatch.alarms.enableActions(readAlarmNames(input.AlarmNames), true);
    return {};
  });
}
