import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import { fleetAlarm, type AlarmMetric } from './alarm';
import { logGroup } from './log-group';

const ROOT = join(__dirname, '..', '..');

export interface CaretakerProps {
  /** Folder under lambdas/. */
  readonly name: 'lifecycle-drain' | 'termination-policy' | 'suspend-processes';
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  /** Runs it in these isolated subnets. @default outside of the VPC */
  readonly inVpc?: {
    readonly vpc: ec2.IVpc;
    readonly subnets: ec2.SubnetSelection;
    readonly securityGroup: ec2.ISecurityGroup;
  };
  /** What it may do, all of it. */
  readonly statements: readonly iam.PolicyStatement[];
  /** Keeps events that failed for good. @default its callers wait for the answer and no event can be lost */
  readonly deadLetters?: boolean;
  readonly logRetentionDays: number;
  readonly alarmTopic: sns.ITopic;
}

/** One Lambda of lambdas/, bundled from its source by the local esbuild, with its log, its role and its alarms. */
export class Caretaker extends Construct {
  readonly function: NodejsFunction;
  readonly deadLetterQueue: sqs.Queue | undefined;

  constructor(scope: Construct, id: string, props: CaretakerProps) {
    super(scope, id);
    const log = logGroup(this, 'Log', props);
    const role = this.role(props);
    log.grantWrite(role);
    if (props.deadLetters) {
      this.deadLetterQueue = new sqs.Queue(this, 'DeadLetters', {
        enforceSSL: true,
        encryption: sqs.QueueEncryption.SQS_MANAGED,
        retentionPeriod: Duration.days(14),
      });
      for (const rule of ['AwsSolutions-SQS3', 'cdk-validator-cfnguard::sqs_dlq_check']) {
        acknowledge(this.deadLetterQueue, rule, 'It is a dead-letter queue.');
      }
    }
    this.function = new NodejsFunction(this, 'Function', {
      description: props.description,
      entry: join(ROOT, 'lambdas', props.name, 'handler.ts'),
      handler: 'handler',
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, 'package-lock.json'),
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMiB,
      environment: { ...props.environment },
      role,
      logGroup: log,
      deadLetterQueue: this.deadLetterQueue,
      ...(props.inVpc && {
        vpc: props.inVpc.vpc,
        vpcSubnets: props.inVpc.subnets,
        securityGroups: [props.inVpc.securityGroup],
      }),
      // The SDK is inside: the runtime's own changes without notice, and a cold start reads one file.
      bundling: { minify: true, target: 'node24', bundleAwsSDK: true, logLevel: LogLevel.WARNING },
    });
    acknowledge(
      this.function,
      'cdk-validator-cfnguard::lambda_inside_vpc_check',
      props.inVpc
        ? 'It is inside; the rule does not see ids that are references.'
        : 'From isolated subnets it could not answer CloudFormation.',
    );
    this.alarms(props);
  }

  private role(props: CaretakerProps): iam.Role {
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: props.description,
    });
    if (props.inVpc) {
      const policy = 'service-role/AWSLambdaVPCAccessExecutionRole';
      role.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName(policy));
      acknowledge(
        role,
        `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
        'What Lambda needs to attach to the VPC; network interfaces can not be named before they exist.',
      );
    }
    for (const statement of props.statements) role.addToPolicy(statement);
    return role;
  }

  private alarms({ name, alarmTopic }: CaretakerProps): void {
    const errors: AlarmMetric = {
      namespace: 'AWS/Lambda',
      name: 'Errors',
      dimensions: { FunctionName: this.function.functionName },
      statistic: 'Sum',
      periodSeconds: 60,
    };
    const common = {
      actions: [alarmTopic.topicArn],
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      missingData: 'notBreaching',
    } as const;
    fleetAlarm(this, 'Failing', {
      ...common,
      description: `The Lambda ${name} fails. Runbook: a caretaker fails.`,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      metric: errors,
    });
    if (!this.deadLetterQueue) return;
    fleetAlarm(this, 'Dead', {
      ...common,
      description: `Events that ${name} could not handle lie in its dead-letter queue. Runbook: a caretaker fails.`,
      evaluationPeriods: 1,
      metric: {
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName: this.deadLetterQueue.queueName },
        statistic: 'Maximum',
        periodSeconds: 300,
      },
    });
  }
}
