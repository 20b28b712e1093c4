import type { LaunchTemplates, LaunchTemplateVersion } from '../ec2/launch-templates';
import type { Market } from './group-instance';
import { nextMarket, type LaunchConfiguration, type Subnet } from './group-settings';

export interface LaunchPlan {
  subnet: Subnet;
  market: Market;
  instanceType: string;
  template: LaunchTemplateVersion;
}

/**
 * Where and what the next instance is: in the zone with the fewest, bought as the distribution says, of the first type.
 * Source: user guide, "Availability Zone distribution" and "Mixed instances groups".
 * @throws ServiceError when the launch template has gone
 */
export function planLaunch(
  launch: LaunchConfiguration,
  subnets: readonly Subnet[],
  /** Those that zones and purchase options are counted by. */
  members: readonly { availabilityZone: string; market: Market }[],
  templates: LaunchTemplates,
): LaunchPlan {
  const template = templates.resolve(launch.template);
  const inZone = ({ availabilityZone }: Subnet) =>
    members.filter((member) => member.availabilityZone === availabilityZone).length;
  const [subnet] = [...subnets].sort((a, b) => inZone(a) - inZone(b));
  if (!subnet) throw new Error('a group without subnets');
  return {
    subnet,
    template,
    market: nextMarket(launch, members),
    instanceType: launch.mixedInstances?.instanceTypes[0] ?? template.instanceType,
  };
}

/** Whether an instance is what a launch would bring now. */
export function matchesLaunch(
  instance: { template: LaunchTemplateVersion; instanceType: string },
  launch: LaunchConfiguration,
  templates: LaunchTemplates,
): boolean {
  const template = templates.resolve(launch.template);
  const types = launch.mixedInstances?.instanceTypes ?? [];
  return (
    instance.template.launchTemplateId === template.launchTemplateId &&
    instance.template.version === template.version &&
    (types.length > 0
      ? types.includes(instance.instanceType)
      : instance.instanceType === template.instanceType)
  );
}
