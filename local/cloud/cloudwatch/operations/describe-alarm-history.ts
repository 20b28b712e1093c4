import {
  DescribeAlarmHistory$,
  type DescribeAlarmHistoryCommandInput,
  type DescribeAlarmHistoryCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import { readMaxRecords } from '../alarm-names';
import type { CloudWatch } from '../cloudwatch';
import { invalidNextToken, notSimulated } from '../cloudwatch-error';
import { pageOf } from '../page';

export function describeAlarmHistory(cloudWatch: CloudWatch): Operation {
  return operation(
    DescribeAlarmHistory$,
    (input: DescribeAlarmHistoryCommandInput): Omit<DescribeAlarmHistoryCommandOutput, '$metadata'> => {
      const { AlarmName, AlarmTypes, HistoryItemType, StartDate, EndDate, ScanBy } = input;
      if (input.AlarmContributorId !== undefined) throw notSimulated('contributors of alarms');
      const wanted = !AlarmTypes?.length || AlarmTypes.includes('MetricAlarm');
      const found = (wanted ? cloudWatch.alarms.historyOf(AlarmName) : [])
        .filter(({ type }) => HistoryItemType === undefined || type === HistoryItemType)
        .filter(({ atMs }) => !StartDate || atMs >= StartDate.getTime())
        .filter(({ atMs }) => !EndDate || atMs <= EndDate.getTime());
      // Newest first, if nothing else is said.
      if (ScanBy !== 'TimestampAscending') found.reverse();
      const { items, nextToken } = pageOf(found, {
        size: readMaxRecords(input.MaxRecords, 100),
        token: input.NextToken,
        refuse: invalidNextToken,
      });
      return {
        AlarmHistoryItems: items.map((item) => ({
          AlarmName: item.alarmName,
          AlarmType: 'MetricAlarm',
          Timestamp: new Date(item.atMs),
          HistoryItemType: item.type,
          HistorySummary: item.summary,
          HistoryData: item.data,
        })),
        NextToken: nextToken,
      };
    },
  );
}
