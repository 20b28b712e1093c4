import { z } from 'zod';
import type { RandomSource } from '../../../../core/clock';
import { resourceId } from '../../autoscaling/ids';
import type { CreatedResource, ResourceType } from '../../ports/resource-type';
import type { LaunchTemplateData, LaunchTemplates, LaunchTemplateVersion } from '../launch-templates';

const properties = z.object({
  LaunchTemplateName: z.string().optional(),
  LaunchTemplateData: z.object({
    InstanceType: z.string(),
    /** Another image makes another version, and so a release. */
    ImageId: z.string(),
    /** Base64. */
    UserData: z.string().default(''),
  }),
});

type Properties = z.infer<typeof properties>;

/** Every update makes a version. */
export function launchTemplateResource(
  templates: LaunchTemplates,
  random: RandomSource,
): ResourceType<Properties> {
  const ids = new Map<string, string>();
  return {
    type: 'AWS::EC2::LaunchTemplate',
    properties,
    inert: [
      'LaunchTemplateData.BlockDeviceMappings',
      'LaunchTemplateData.EbsOptimized',
      'LaunchTemplateData.IamInstanceProfile',
      'LaunchTemplateData.MetadataOptions',
      'LaunchTemplateData.Monitoring',
      'LaunchTemplateData.NetworkInterfaces',
      'LaunchTemplateData.SecurityGroupIds',
      'LaunchTemplateData.TagSpecifications',
      'TagSpecifications',
      'VersionDescription',
    ],
    create({ stackName, logicalId, properties }) {
      const id = resourceId(random, 'lt');
      ids.set(`${stackName}/${logicalId}`, id);
      const name = properties.LaunchTemplateName ?? `${stackName}-${logicalId}`;
      return created(templates.create(id, name, dataOf(properties)));
    },
    update({ stackName, logicalId, properties }) {
      return created(templates.addVersion(idOf(stackName, logicalId), dataOf(properties)));
    },
    remove({ stackName, logicalId }) {
      templates.remove(idOf(stackName, logicalId));
      ids.delete(`${stackName}/${logicalId}`);
    },
  };

  function idOf(stackName: string, logicalId: string): string {
    const id = ids.get(`${stackName}/${logicalId}`);
    if (id === undefined) throw new Error(`${stackName} has no launch template ${logicalId}`);
    return id;
  }
}

function dataOf({ LaunchTemplateData: data }: Properties): LaunchTemplateData {
  return { imageId: data.ImageId, instanceType: data.InstanceType, userData: data.UserData };
}

function created({ launchTemplateId, version }: LaunchTemplateVersion): CreatedResource {
  return {
    ref: launchTemplateId,
    attributes: {
      LaunchTemplateId: launchTemplateId,
      LatestVersionNumber: String(version),
      DefaultVersionNumber: '1',
    },
  };
}
