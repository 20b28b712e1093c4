import {
  DescribeAlarms$,
  type DescribeAlarmsCommandInput,
  type DescribeAlarmsCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import { checkState, readAlarmNames, readMaxRecords } from '../alarm-names';
import type { CloudWatch } from '../cloudwatch';
import { invalidNextToken, notSimulated, validationError } from '../cloudwatch-error';
import { metricAlarmOutput } from '../metric-alarm-output';
import { pageOf } from '../page';

export function describeAlarms(cloudWatch: CloudWatch): Operation {
  return operation(
    DescribeAlarms$,
    (input: DescribeAlarmsCommandInput): Omit<DescribeAlarmsCommandOutput, '$metadata'> => {
      const { AlarmNames, AlarmNamePrefix, AlarmTypes, StateValue, ActionPrefix } = input;
      if (AlarmNames?.length && AlarmNamePrefix !== undefined) {
        throw validationError('AlarmNames and AlarmNamePrefix must not both be specified.');
      }
      if (input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined) {
        throw notSimulated('composite alarms');
      }
      if (StateValue !== undefined) checkState(StateValue);
      const names = AlarmNames?.length ? new Set(readAlarmNames(AlarmNames)) : undefined;
      // Without a type only metric alarms are told; there are no others here.
      const wanted = !AlarmTypes?.length || AlarmTypes.includes('MetricAlarm');
      const found = (wanted ? cloudWatch.alarms.all() : [])
        .filter(({ name }) => names?.has(name) ?? name.startsWith(AlarmNamePrefix ?? ''))
        .filter(({ state }) => StateValue === undefined || state === StateValue)
        .filter(
          ({ definition: { actions } }) =>
            ActionPrefix === undefined ||
            Object.values(actions)
              .flat()
              .some((arn) => arn.startsWith(ActionPrefix)),
        );
      const { items, nextToken } = pageOf(found, {
        size: readMaxRecords(input.MaxRecords, 50),
        token: input.NextToken,
        refuse: invalidNextToken,
      });
      return { MetricAlarms: items.map(metricAlarmOutput), CompositeAlarms: [], NextToken: nextToken };
    },
  );
}
