import { z } from 'zod';
import type { CloudIdentity } from '../../cloud-identity';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { generatedName } from '../../template/physical-id';
import type { Lambda } from '../lambda';

const propertiesSchema = z.object({
  Code: z.object({ S3Key: z.string() }),
  DeadLetterConfig: z.object({ TargetArn: z.string() }).optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
  FunctionName: z.string().optional(),
  Handler: z.string().regex(/^[^.]+(\.[^.]+)+$/, 'must be file.export'),
  LoggingConfig: z.object({ LogGroup: z.string().optional() }).optional(),
  MemorySize: z.coerce.number().int().min(128).max(10_240).default(128),
  PackageType: z.literal('Zip').default('Zip'),
  ReservedConcurrentExecutions: z.coerce.number().int().min(0).optional(),
  Runtime: z.string().regex(/^nodejs\d+\.x$/, 'only Node.js is played'),
  Timeout: z.coerce.number().int().min(1).max(900).default(3),
});
type Properties = z.infer<typeof propertiesSchema>;

export interface FunctionTypeOptions {
  identity: CloudIdentity;
  lambda: Pick<Lambda, 'put' | 'delete'>;
  /** Folder of the asset with this key. */
  assets: { pathOf(objectKey: string): string };
}

/** `AWS::Lambda::Function`, of code that is an asset. */
export class FunctionType implements ResourceType<Properties> {
  readonly type = 'AWS::Lambda::Function';
  readonly properties = propertiesSchema;
  readonly inert = [
    // It runs on the machine's processor.
    'Architectures',
    'Code.S3Bucket',
    'Description',
    'LoggingConfig.LogFormat',
    // It may do everything, and reaches everything.
    'Role',
    'VpcConfig',
    'Tags',
    'TracingConfig',
  ];

  constructor(private readonly options: FunctionTypeOptions) {}

  create({ stackName, logicalId, properties }: ResourceInput<Properties>): CreatedResource {
    const { identity, lambda, assets } = this.options;
    const name = properties.FunctionName ?? generatedName({ identity, stackName, logicalId });
    const arn = this.arnOf(name);
    lambda.put({
      name,
      arn,
      taskRoot: assets.pathOf(properties.Code.S3Key),
      handler: properties.Handler,
      runtime: properties.Runtime,
      environment: properties.Environment?.Variables ?? {},
      timeoutSeconds: properties.Timeout,
      memoryMiB: properties.MemorySize,
      reservedConcurrency: properties.ReservedConcurrentExecutions,
      logGroupName: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      deadLetterArn: properties.DeadLetterConfig?.TargetArn,
    });
    return { ref: name, attributes: { Arn: arn } };
  }

  update(resource: ResourceInput<Properties>, previous: ResourceInput<Properties>): CreatedResource {
    // Another name is another function.
    if (resource.properties.FunctionName !== previous.properties.FunctionName) this.remove(previous);
    return this.create(resource);
  }

  remove({ stackName, logicalId, properties }: ResourceInput<Properties>): void {
    const { identity, lambda } = this.options;
    lambda.delete(this.arnOf(properties.FunctionName ?? generatedName({ identity, stackName, logicalId })));
  }

  private arnOf(name: string): string {
    const { partition, region, account } = this.options.identity;
    return `arn:${partition}:lambda:${region}:${account}:function:${name}`;
  }
}
