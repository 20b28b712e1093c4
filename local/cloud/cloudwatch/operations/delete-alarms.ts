import { DeleteAlarms$, type DeleteAlarmsCommandInput } from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import { readAlarmNames } from '../alarm-names';
import type { CloudWatch } from '../cloudwatch';

export function deleteAlarms(cloudWatch: CloudWatch): Operation {
  return operation(DeleteAlarms$, (input: DeleteAlarmsCommandInput) => {
    cloudWatch.alarms.delete(readAlarmNames(input.AlarmNames));
    return {};
  });
}
