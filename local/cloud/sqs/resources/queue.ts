import { z } from 'zod';
import type { CloudIdentity } from '../../cloud-identity';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { generatedName } from '../../template/physical-id';
import type { Sqs } from '../sqs';

const propertiesSchema = z.object({
  QueueName: z.string().optional(),
  /** Seconds. Four days unless it says otherwise (SQS API reference, CreateQueue). */
  MessageRetentionPeriod: z.coerce.number().int().min(60).max(1_209_600).default(345_600),
});
type Properties = z.infer<typeof propertiesSchema>;

export interface QueueTypeOptions {
  identity: CloudIdentity;
  sqs: Pick<Sqs, 'put' | 'delete'>;
}

/** `AWS::SQS::Queue`, as a dead-letter queue. */
export class QueueType implements ResourceType<Properties> {
  readonly type = 'AWS::SQS::Queue';
  readonly properties = propertiesSchema;
  readonly inert = ['KmsMasterKeyId', 'SqsManagedSseEnabled', 'Tags'];

  constructor(private readonly options: QueueTypeOptions) {}

  create(resource: ResourceInput<Properties>): CreatedResource {
    const { identity, sqs } = this.options;
    const name = this.nameOf(resource);
    const arn = this.arnOf(name);
    sqs.put(arn, { name, retentionSeconds: resource.properties.MessageRetentionPeriod });
    const url = `https://sqs.${identity.region}.amazonaws.com/${identity.account}/${name}`;
    return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  }

  update(resource: ResourceInput<Properties>, previous: ResourceInput<Properties>): CreatedResource {
    if (this.nameOf(resource) !== this.nameOf(previous)) this.remove(previous);
    return this.create(resource);
  }

  remove(resource: ResourceInput<Properties>): void {
    this.options.sqs.delete(this.arnOf(this.nameOf(resource)));
  }

  private nameOf({ stackName, logicalId, properties }: ResourceInput<Properties>): string {
    const { identity } = this.options;
    return properties.QueueName ?? generatedName({ identity, stackName, logicalId }, 80);
  }

  private arnOf(name: string): string {
    const { partition, region, account } = this.options.identity;
    return `arn:${partition}:sqs:${region}:${account}:${name}`;
  }
}
