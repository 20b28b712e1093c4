import { z } from 'zod';
import type { ResourceInput, ResourceType } from '../../ports/resource-type';
import type { Topics } from '../topics';

const properties = z.object({ TopicName: z.string().optional() });

type TopicProperties = z.output<typeof properties>;

/** `AWS::SNS::Topic`. */
export function topicResource(topics: Topics): ResourceType<TopicProperties> {
  const create = (resource: ResourceInput<TopicProperties>) => {
    const name = nameOf(resource);
    const arn = topics.create(name);
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  };
  return {
    type: 'AWS::SNS::Topic',
    properties,
    inert: ['DisplayName', 'KmsMasterKeyId', 'SignatureVersion', 'Tags', 'TracingConfig'],
    create,
    update: (resource, previous) => {
      const created = create(resource);
      if (nameOf(previous) !== nameOf(resource)) topics.delete(topics.create(nameOf(previous)));
      return created;
    },
    remove: (resource) => topics.delete(topics.create(nameOf(resource))),
  };
}

function nameOf({ stackName, logicalId, properties: { TopicName } }: ResourceInput<TopicProperties>): string {
  return TopicName ?? `${stackName}-${logicalId}`;
}
