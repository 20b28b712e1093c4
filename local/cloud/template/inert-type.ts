import { z } from 'zod';
import type { CloudIdentity } from '../cloud-identity';
import type { CreatedResource, ResourceInput, ResourceType } from '../ports/resource-type';
import { generatedName, stableHex, type ResourceName } from './physical-id';

export type InertProperties = Record<string, unknown>;

/** What an inert resource's id and attributes are made of. */
export interface InertResource {
  /** `prefix-0123456789abcdef0`, as EC2's are. */
  id: (prefix: string) => string;
  /** The property that names it, or a name as CloudFormation would make one. */
  name: (property: string) => string;
  /** An ARN in this account and region. */
  arn: (service: string, rest: string) => string;
  /** An ARN of a service without regions. */
  globalArn: (service: string, rest: string) => string;
  hex: (length: number) => string;
  properties: InertProperties;
}

export interface InertTypeOptions {
  type: string;
  identity: CloudIdentity;
  describe: (resource: InertResource) => CreatedResource;
}

/** A type that changes nothing which could be seen on one machine: it only has an id and attributes, always the same. */
export class InertType implements ResourceType<InertProperties> {
  readonly type: string;
  readonly properties = z.record(z.string(), z.unknown());
  readonly inert = ['*'];

  constructor(private readonly options: InertTypeOptions) {
    this.type = options.type;
  }

  create({ stackName, logicalId, properties }: ResourceInput<InertProperties>): CreatedResource {
    const { identity, describe } = this.options;
    const { partition, region, account } = identity;
    const name: ResourceName = { identity, stackName, logicalId };
    return describe({
      id: (prefix) => `${prefix}-${stableHex(name, 17)}`,
      name: (property) => {
        const given = properties[property];
        return typeof given === 'string' ? given : generatedName(name);
      },
      arn: (service, rest) => `arn:${partition}:${service}:${region}:${account}:${rest}`,
      globalArn: (service, rest) => `arn:${partition}:${service}::${account}:${rest}`,
      hex: (length) => stableHex(name, length),
      properties,
    });
  }

  update(resource: ResourceInput<InertProperties>): CreatedResource {
    return this.create(resource);
  }
}
