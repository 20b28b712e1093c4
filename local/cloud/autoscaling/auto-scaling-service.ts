import type { AwsService } from '../wire/aws-service';
import type { AutoScaling } from './auto-scaling';
import { cancelInstanceRefresh } from './operations/cancel-instance-refresh';
import { completeLifecycleAction } from './operations/complete-lifecycle-action';
import { describeAutoScalingGroups } from './operations/describe-auto-scaling-groups';
import { describeAutoScalingInstances } from './operations/describe-auto-scaling-instances';
import { describeInstanceRefreshes } from './operations/describe-instance-refreshes';
import { describeLifecycleHookTypes } from './operations/describe-lifecycle-hook-types';
import { describeLifecycleHooks } from './operations/describe-lifecycle-hooks';
import { describePolicies } from './operations/describe-policies';
import { describeScalingActivities } from './operations/describe-scaling-activities';
import { describeScheduledActions } from './operations/describe-scheduled-actions';
import { describeTags } from './operations/describe-tags';
import { describeWarmPool } from './operations/describe-warm-pool';
import { executePolicy } from './operations/execute-policy';
import { putScalingPolicy } from './operations/put-scaling-policy';
import { recordLifecycleActionHeartbeat } from './operations/record-lifecycle-action-heartbeat';
import { resumeProcesses } from './operations/resume-processes';
import { rollbackInstanceRefresh } from './operations/rollback-instance-refresh';
import { setDesiredCapacity } from './operations/set-desired-capacity';
import { setInstanceHealth } from './operations/set-instance-health';
import { setInstanceProtection } from './operations/set-instance-protection';
import { startInstanceRefresh } from './operations/start-instance-refresh';
import { suspendProcesses } from './operations/suspend-processes';
import { terminateInstanceInAutoScalingGroup } from './operations/terminate-instance-in-auto-scaling-group';
import { updateAutoScalingGroup } from './operations/update-auto-scaling-group';

export function autoScalingService(model: AutoScaling): AwsService {
  return {
    signingName: 'autoscaling',
    protocols: [
      {
        kind: 'query',
        version: '2011-01-01',
        xmlNamespace: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
      },
    ],
    operations: [
      cancelInstanceRefresh(model),
      completeLifecycleAction(model),
      describeAutoScalingGroups(model),
      describeAutoScalingInstances(model),
      describeInstanceRefreshes(model),
      describeLifecycleHookTypes(),
      describeLifecycleHooks(model),
      describePolicies(model),
      describeScalingActivities(model),
      describeScheduledActions(model),
      describeTags(model),
      describeWarmPool(model),
      executePolicy(model),
      putScalingPolicy(model),
      recordLifecycleActionHeartbeat(model),
      resumeProcesses(model),
      rollbackInstanceRefresh(model),
      setDesiredCapacity(model),
      setInstanceHealth(model),
      setInstanceProtection(model),
      startInstanceRefresh(model),
      suspendProcesses(model),
      terminateInstanceInAutoScalingGroup(model),
      updateAutoScalingGroup(model),
    ],
  };
}
