import { RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';

export interface LogGroupOptions {
  /** Days. */
  readonly logRetentionDays: number;
  /** @default a generated name */
  readonly name?: string;
}

/** A log group that ends with the deployment, and never grows without end. */
export function logGroup(scope: Construct, id: string, options: LogGroupOptions): logs.LogGroup {
  const group = new logs.LogGroup(scope, id, {
    logGroupName: options.name,
    retention: options.logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  acknowledge(
    group,
    'cdk-validator-cfnguard::cloudwatch_log_group_retention_period_check',
    'The deployment config says how long; logs of calls are no records to be kept for a year.',
  );
  acknowledge(
    group,
    'cdk-validator-cfnguard::cloudwatch_log_group_encrypted_check',
    'Encrypted by CloudWatch Logs; the lines hold ids, never tokens, keys or SDP, so a key of its own guards nothing more.',
  );
  return group;
}
