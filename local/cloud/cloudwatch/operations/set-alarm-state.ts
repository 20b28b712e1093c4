import { SetAlarmState$, type SetAlarmStateCommandInput } from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import { checkState } from '../alarm-names';
import type { CloudWatch } from '../cloudwatch';
import { missingParameter, validationError } from '../cloudwatch-error';

/** API reference, SetAlarmState. */
const MAX_REASON = 1_023;
const MAX_REASON_DATA = 4_000;

export function setAlarmState(cloudWatch: CloudWatch): Operation {
  return operation(SetAlarmState$, (input: SetAlarmStateCommandInput) => {
    const { AlarmName, StateValue, StateReason, StateReasonData } = input;
    if (!AlarmName) throw missingParameter('AlarmName');
    if (!StateValue) throw missingParameter('StateValue');
    if (StateReason === undefined) throw missingParameter('StateReason');
    checkState(StateValue);
    if (StateReason.length > MAX_REASON || (StateReasonData?.length ?? 0) > MAX_REASON_DATA) {
      throw validationError('StateReason or StateReasonData is too long.');
    }
    if (StateReasonData !== undefined && !isJson(StateReasonData)) {
      throw new ServiceError('InvalidFormat', 'StateReasonData is not valid JSON.');
    }
    cloudWatch.alarms.setState(AlarmName, StateValue, StateReason, StateReasonData);
    return {};
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
