import { z } from 'zod';
import type { CloudIdentity } from '../cloud-identity';
import type { ResourceType } from '../ports/resource-type';
import { hexOf } from '../hex-of';

const componentSchema = z.object({ Name: z.string(), Version: z.string() });
const recipeSchema = z.object({
  Name: z.string(),
  Version: z.string(),
  Components: z.array(
    z.object({
      ComponentArn: z.string(),
      Parameters: z.array(z.object({ Name: z.string(), Value: z.array(z.string()) })).default([]),
    }),
  ),
});
const imageSchema = z.object({ ImageRecipeArn: z.string() });

export interface MachineImagesOptions {
  identity: CloudIdentity;
  /** Where an asset is on this machine, by its object key. @throws Error when no assembly has it */
  assetPath: (objectKey: string) => string;
}

/**
 * EC2 Image Builder: an AMI is the folder that its component would install. Nothing is compiled or booted, so an image
 * is there at once; what instances run is the app of the bundle all the same.
 */
export class MachineImages {
  /** Address of the bundle, by recipe. */
  private readonly bundles = new Map<string, string>();
  private readonly folders = new Map<string, string>();

  constructor(private readonly options: MachineImagesOptions) {}

  /** The unpacked image bundle of an AMI. @throws Error when the AMI is not one of this cloud */
  folderOf(imageId: string): string {
    const folder = this.folders.get(imageId);
    if (folder === undefined) throw new Error(`the AMI ${imageId} does not exist`);
    return folder;
  }

  resourceTypes(): ResourceType[] {
    return [this.component(), this.recipe(), this.image()];
  }

  private component(): ResourceType<z.infer<typeof componentSchema>> {
    return {
      type: 'AWS::ImageBuilder::Component',
      properties: componentSchema,
      inert: ['Data', 'Platform', 'SupportedOsVersions'],
      create: ({ properties }) => this.named('component', properties),
    };
  }

  private recipe(): ResourceType<z.infer<typeof recipeSchema>> {
    return {
      type: 'AWS::ImageBuilder::ImageRecipe',
      properties: recipeSchema,
      inert: ['ParentImage', 'BlockDeviceMappings', 'AmiTags', 'AdditionalInstanceConfiguration'],
      create: ({ properties, logicalId }) => {
        const created = this.named('image-recipe', properties);
        const parameters = properties.Components.flatMap((component) => component.Parameters);
        const bundle = parameters.find(({ Name }) => Name === 'BundleUri')?.Value[0];
        if (bundle === undefined) throw new Error(`${logicalId}: no component has a BundleUri`);
        this.bundles.set(created.ref, bundle);
        return created;
      },
    };
  }

  private image(): ResourceType<z.infer<typeof imageSchema>> {
    return {
      type: 'AWS::ImageBuilder::Image',
      properties: imageSchema,
      inert: ['InfrastructureConfigurationArn', 'ImageTestsConfiguration', 'EnhancedImageMetadataEnabled'],
      create: ({ properties, logicalId }) => {
        const bundle = this.bundles.get(properties.ImageRecipeArn);
        if (bundle === undefined) throw new Error(`${logicalId}: its recipe does not exist`);
        // s3://bucket/key
        const folder = this.options.assetPath(bundle.split('/').at(-1) ?? '');
        const imageId = `ami-${hexOf(`${properties.ImageRecipeArn} ${bundle}`, 17)}`;
        this.folders.set(imageId, folder);
        return { ref: `${properties.ImageRecipeArn}/1`, attributes: { ImageId: imageId } };
      },
    };
  }

  private named(kind: string, { Name, Version }: { Name: string; Version: string }) {
    const { partition, region, account } = this.options.identity;
    const arn = `arn:${partition}:imagebuilder:${region}:${account}:${kind}/${Name.toLowerCase()}/${Version}`;
    return { ref: arn, attributes: { Arn: arn } };
  }
}
