import { z } from 'zod';
import type { CloudIdentity } from '../../cloud-identity';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { generatedName } from '../../template/physical-id';
import type { Ssm } from '../ssm';

const propertiesSchema = z.object({
  Name: z.string().optional(),
  Description: z.string().optional(),
  Type: z.enum(['String', 'StringList']),
  Value: z.string(),
});
type Properties = z.infer<typeof propertiesSchema>;

export interface ParameterTypeOptions {
  identity: CloudIdentity;
  ssm: Ssm;
}

/** `AWS::SSM::Parameter`. */
export class SsmParameterType implements ResourceType<Properties> {
  readonly type = 'AWS::SSM::Parameter';
  readonly properties = propertiesSchema;
  readonly inert = ['DataType', 'Tags', 'Tier'];

  constructor(private readonly options: ParameterTypeOptions) {}

  create(resource: ResourceInput<Properties>): CreatedResource {
    return this.put(resource, false);
  }

  update(resource: ResourceInput<Properties>, previous: ResourceInput<Properties>): CreatedResource {
    if (this.nameOf(resource) === this.nameOf(previous)) return this.put(resource, true);
    this.remove(previous);
    return this.create(resource);
  }

  remove(resource: ResourceInput<Properties>): void {
    this.options.ssm.delete(this.nameOf(resource));
  }

  private put(resource: ResourceInput<Properties>, overwrite: boolean): CreatedResource {
    const { Type, Value, Description } = resource.properties;
    const name = this.nameOf(resource);
    this.options.ssm.put({ name, type: Type, value: Value, description: Description, overwrite });
    return { ref: name, attributes: { Type, Value } };
  }

  private nameOf({ stackName, logicalId, properties }: ResourceInput<Properties>): string {
    return properties.Name ?? generatedName({ identity: this.options.identity, stackName, logicalId });
  }
}
