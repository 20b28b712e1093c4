/**
 * Every AWS call that each function makes, as IAM actions. The tests of the functions record what is really sent and
 * compare; test/cdk compares with the roles' policies.
 */
export const SDK_CALLS = {
  'lifecycle-drain': [
    'autoscaling:CompleteLifecycleAction',
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeLifecycleHooks',
    'autoscaling:DescribeWarmPool',
    'autoscaling:RecordLifecycleActionHeartbeat',
    'autoscaling:SetInstanceHealth',
    'autoscaling:TerminateInstanceInAutoScalingGroup',
    'secretsmanager:GetSecretValue',
  ],
  'termination-policy': ['secretsmanager:GetSecretValue'],
  'suspend-processes': ['autoscaling:SuspendProcesses'],
} as const satisfies Record<string, readonly string[]>;

/** The same of a node: recorded by test/unit/aws/aws-environment.test.ts. */
export const NODE_SDK_CALLS = [
  'autoscaling:CompleteLifecycleAction',
  'autoscaling:RecordLifecycleActionHeartbeat',
  'cloudwatch:PutMetricData',
  'secretsmanager:GetSecretValue',
] as const;

/** An SDK command's IAM action, e.g. `autoscaling:SetInstanceHealth`. */
export function actionOf(
  service: 'autoscaling' | 'cloudwatch' | 'secretsmanager',
  commandName: string,
): string {
  return `${service}:${commandName.replace(/Command$/, '')}`;
}
