import { DisableAlarmActions$, type DisableAlarmActionsCommandInput } from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import { readAlarmNames } from '../alarm-names';
import type { CloudWatch } from '../cloudwatch';

export function disableAlarmActions(cloudWatch: CloudWatch): Operation {
  return operation(DisableAlarmActions$, (input: DisableAlarmActionsCommandInput) => {
    cloudWatch.alarms.enableActions(readAlarmNames(input.AlarmNames), false);
    return {};
  });
}
