import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { acknowledge } from '../acknowledge';

/** ARN pattern of a group by its name: the service puts an id of its own before it. */
export function groupArn(scope: Construct, groupName: string): string {
  return Stack.of(scope).formatArn({
    service: 'autoscaling',
    resource: 'autoScalingGroup',
    resourceName: `*:autoScalingGroupName/${groupName}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** Says why a role has wildcards that AWS leaves no way around. */
export function acknowledgeGroupArn(role: IConstruct, groupName: string): void {
  acknowledge(
    role,
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/${groupName}]`,
    'The wildcard stands for the id that AWS adds to the name of the one group.',
  );
}
