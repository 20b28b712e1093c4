import type { LaunchTemplateSpecification, MixedInstancesPolicy } from '@aws-sdk/client-auto-scaling';
import type { LaunchTemplates } from '../../ec2/launch-templates';
import type { LaunchConfiguration } from '../group-settings';

/** The version as the group was given it, `$Latest` too. */
export function launchView(
  { template, mixedInstances }: LaunchConfiguration,
  templates: LaunchTemplates,
): { LaunchTemplate?: LaunchTemplateSpecification; MixedInstancesPolicy?: MixedInstancesPolicy } {
  const { launchTemplateId, launchTemplateName } = templates.resolve(template);
  const specification: LaunchTemplateSpecification = {
    LaunchTemplateId: launchTemplateId,
    LaunchTemplateName: launchTemplateName,
    Version: template.version,
  };
  if (!mixedInstances) return { LaunchTemplate: specification };
  const { distribution, instanceTypes } = mixedInstances;
  return {
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: specification,
        Overrides: instanceTypes.map((InstanceType) => ({ InstanceType })),
      },
      InstancesDistribution: {
        OnDemandAllocationStrategy: 'prioritized',
        OnDemandBaseCapacity: distribution.onDemandBaseCapacity,
        OnDemandPercentageAboveBaseCapacity: distribution.onDemandPercentageAboveBaseCapacity,
        SpotAllocationStrategy: 'price-capacity-optimized',
      },
    },
  };
}
