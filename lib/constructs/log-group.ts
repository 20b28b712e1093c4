import { RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface LogGroupOptions {
  /** Days. */
  readonly logRetentionDays: number;
  /** @default a generated name */
  readonly name?: string;
}

/** A log group that ends with the deployment, and never grows without end. */
export function logGroup(scope: Construct, id: string, options: LogGroupOptions): logs.LogGroup {
  return new logs.LogGroup(scope, id, {
    logGroupName: options.name,
    retention: options.logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
