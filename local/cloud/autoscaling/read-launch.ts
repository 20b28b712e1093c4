import type { LaunchTemplateSpecification, MixedInstancesPolicy } from '@aws-sdk/client-auto-scaling';
import type { LaunchTemplateReference } from '../ec2/launch-templates';
import type { LaunchConfiguration } from './group-settings';
import { invalid } from './required';

/** What a request wants new instances to be like. @throws ServiceError when it says neither, or both */
export function readLaunch(input: {
  LaunchTemplate?: LaunchTemplateSpecification | undefined;
  MixedInstancesPolicy?: MixedInstancesPolicy | undefined;
}): LaunchConfiguration {
  const { LaunchTemplate: own, MixedInstancesPolicy: mixed } = input;
  const specification = mixed?.LaunchTemplate?.LaunchTemplateSpecification ?? own;
  if (!specification || (mixed && own)) {
    invalid('Valid requests must contain either LaunchTemplate or MixedInstancesPolicy parameter.');
  }
  const distribution = mixed?.InstancesDistribution;
  return {
    template: readTemplate(specification),
    mixedInstances: mixed && {
      instanceTypes: (mixed.LaunchTemplate?.Overrides ?? []).flatMap(
        ({ InstanceType }) => InstanceType ?? [],
      ),
      distribution: {
        onDemandBaseCapacity: distribution?.OnDemandBaseCapacity ?? 0,
        onDemandPercentageAboveBaseCapacity: distribution?.OnDemandPercentageAboveBaseCapacity ?? 100,
      },
    },
  };
}

function readTemplate(specification: LaunchTemplateSpecification): LaunchTemplateReference {
  const { LaunchTemplateId, LaunchTemplateName, Version } = specification;
  return { launchTemplateId: LaunchTemplateId, launchTemplateName: LaunchTemplateName, version: Version };
}
