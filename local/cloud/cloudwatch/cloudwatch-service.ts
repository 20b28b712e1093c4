import type { AwsService } from '../wire/aws-service';
import type { CloudWatch } from './cloudwatch';
import { deleteAlarms } from './operations/delete-alarms';
import { describeAlarmHistory } from './operations/describe-alarm-history';
import { describeAlarms } from './operations/describe-alarms';
import { describeAlarmsForMetric } from './operations/describe-alarms-for-metric';
import { disableAlarmActions } from './operations/disable-alarm-actions';
import { enableAlarmActions } from './operations/enable-alarm-actions';
import { getMetricData } from './operations/get-metric-data';
import { getMetricStatistics } from './operations/get-metric-statistics';
import { listMetrics } from './operations/list-metrics';
import { putMetricAlarm } from './operations/put-metric-alarm';
import { putMetricData } from './operations/put-metric-data';
import { setAlarmState } from './operations/set-alarm-state';

export function cloudWatchService(cloudWatch: CloudWatch): AwsService {
  return {
    signingName: 'monitoring',
    protocols: [
      { kind: 'json', version: '1.0', target: 'GraniteServiceVersion20100801', queryErrors: true },
      // What AWS CLIs spoke until they learned JSON.
      {
        kind: 'query',
        version: '2010-08-01',
        xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
      },
    ],
    operations: [
      putMetricData,
      getMetricData,
      getMetricStatistics,
      listMetrics,
      putMetricAlarm,
      deleteAlarms,
      describeAlarms,
      describeAlarmsForMetric,
      describeAlarmHistory,
      setAlarmState,
      enableAlarmActions,
      disableAlarmActions,
    ].map((make) => make(cloudWatch)),
  };
}
