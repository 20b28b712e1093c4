import { z } from 'zod';
import type { ResourceType } from '../../ports/resource-type';

const properties = z.object({});

/** `AWS::SNS::TopicPolicy`: who may publish; here everybody is the one who runs the cloud. */
export function topicPolicyResource(): ResourceType<z.output<typeof properties>> {
  return {
    type: 'AWS::SNS::TopicPolicy',
    properties,
    inert: ['PolicyDocument', 'Topics'],
    create: ({ stackName, logicalId }) => ({ ref: `${stackName}-${logicalId}` }),
  };
}
