import { z } from 'zod';
import type { CloudIdentity } from '../cloud-identity';
import type { CreatedResource, ResourceInput, ResourceType } from '../ports/resource-type';
import { stableHex } from './physical-id';

const propertiesSchema = z.object({
  AvailabilityZone: z.string().optional(),
  CidrBlock: z.string().optional(),
  VpcId: z.string(),
});
type Properties = z.infer<typeof propertiesSchema>;

/** Subnets: nothing but which availability zone each is in, which Auto Scaling needs. */
export class SubnetType implements ResourceType<Properties> {
  readonly type = 'AWS::EC2::Subnet';
  readonly properties = propertiesSchema;
  readonly inert = ['*'];
  private readonly zones = new Map<string, string>();

  constructor(private readonly identity: CloudIdentity) {}

  /** @throws RangeError when there is no such subnet */
  zoneOf(subnetId: string): string {
    const zone = this.zones.get(subnetId);
    if (zone === undefined) throw new RangeError(`The subnet ID '${subnetId}' does not exist`);
    return zone;
  }

  create({ stackName, logicalId, properties }: ResourceInput<Properties>): CreatedResource {
    const subnetId = `subnet-${stableHex({ identity: this.identity, stackName, logicalId }, 17)}`;
    const zone = properties.AvailabilityZone ?? `${this.identity.region}a`;
    this.zones.set(subnetId, zone);
    return {
      ref: subnetId,
      attributes: {
        SubnetId: subnetId,
        AvailabilityZone: zone,
        CidrBlock: properties.CidrBlock ?? '',
        VpcId: properties.VpcId,
      },
    };
  }

  update(resource: ResourceInput<Properties>): CreatedResource {
    return this.create(resource);
  }
}
