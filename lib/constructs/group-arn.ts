import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
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

/** Says why a role has a wildcard that AWS leaves no way around. */
export function acknowledgeGroupArn(scope: IConstruct, groupName: string): void {
  const { partition, region, account } = Stack.of(scope);
  const known = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  const owner = `${known(partition, 'Partition')}:autoscaling:${known(region, 'Region')}:${known(account, 'AccountId')}`;
  acknowledge(
    scope,
    `AwsSolutions-IAM5[Resource::arn:${owner}:autoScalingGroup:*:autoScalingGroupName/${groupName}]`,
    'The wildcard stands for the id that AWS adds to the name of the one group.',
  );
}
