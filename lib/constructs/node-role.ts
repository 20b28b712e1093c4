import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../../core/deployment/fleet-metrics';
import { acknowledge } from '../acknowledge';
import { acknowledgeGroupArn, groupArn } from './group-arn';

export interface NodeRoleOptions {
  readonly groupName: string;
  /** What a node reads at its start. */
  readonly secrets: readonly secretsmanager.ISecret[];
  readonly log: logs.ILogGroup;
}

/** What a node may do in the account: read its secrets, say how it is, and ask for more time while it drains. */
export function nodeRole(
  scope: Construct,
  id: string,
  { groupName, secrets, log }: NodeRoleOptions,
): iam.Role {
  const role = new iam.Role(scope, id, {
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
    description: `Nodes of ${groupName}`,
    managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
  });
  acknowledge(
    role,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]',
    "What Systems Manager's agent needs: nodes have no SSH, sessions are an operator's only shell.",
  );
  const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>) =>
    role.addToPolicy(new iam.PolicyStatement({ actions, resources, conditions }));
  allow(
    ['secretsmanager:GetSecretValue'],
    secrets.map((secret) => secret.secretFullArn ?? `${secret.secretArn}-??????`),
  );
  allow(['cloudwatch:PutMetricData'], ['*'], { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } });
  allow(
    ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
    [groupArn(scope, groupName)],
  );
  allow(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'], [log.logGroupArn]);
  acknowledgeGroupArn(role, groupName);
  acknowledge(
    role,
    'AwsSolutions-IAM5[Resource::*]',
    'PutMetricData can not be limited to a resource; the condition limits it to our namespace.',
  );
  return role;
}
