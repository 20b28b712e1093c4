import { z } from 'zod';
import type { ResourceType } from '../../ports/resource-type';
import type { Topics } from '../topics';

const properties = z.object({
  TopicArn: z.string(),
  Protocol: z.string(),
  Endpoint: z.string().default(''),
});

/** `AWS::SNS::Subscription`. */
export function subscriptionResource(topics: Topics): ResourceType<z.output<typeof properties>> {
  return {
    type: 'AWS::SNS::Subscription',
    properties,
    inert: [],
    create: ({ logicalId, properties: { TopicArn, Protocol, Endpoint } }) => ({
      ref: topics.subscribe(TopicArn, logicalId, { protocol: Protocol, endpoint: Endpoint }),
    }),
    update: ({ logicalId, properties: { TopicArn, Protocol, Endpoint } }, previous) => {
      topics.unsubscribe(previous.properties.TopicArn, logicalId);
      return { ref: topics.subscribe(TopicArn, logicalId, { protocol: Protocol, endpoint: Endpoint }) };
    },
    remove: ({ logicalId, properties: { TopicArn } }) => topics.unsubscribe(TopicArn, logicalId),
  };
}
