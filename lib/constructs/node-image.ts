import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileSystem, Fn, Stack, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as imagebuilder from 'aws-cdk-lib/aws-imagebuilder';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import type { InstanceCapacity } from '../../core/deployment/instance-capacity';
import { FleetError } from '../../core/errors';
import { acknowledge } from '../acknowledge';
import type { FleetNetwork } from './fleet-network';

export interface NodeImageProps {
  readonly network: FleetNetwork;
  /** The fleet's name; the image's parts are named after it. */
  readonly fleetName: string;
  /** Of the nodes; no other is baked. */
  readonly architecture: InstanceCapacity['architecture'];
  /** AMI id, or `ssm:` and the name of a parameter that holds one. */
  readonly baseImage: string;
  /** Raise it to bake anew without a change of anything else. */
  readonly revision: number;
  /** Folder with the image bundle (scripts/build-image-bundle.ts). */
  readonly bundleDir: string;
}

const IMAGE_FILES = join(__dirname, '..', 'image');

/** Where the image is baked and tested: has to compile the media worker, about 10 minutes of 2 vCPU. */
const BUILD_INSTANCE_TYPES = {
  arm64: ['c7g.large', 'c6g.large'],
  x86_64: ['c7i.large', 'c6i.large'],
} as const;

/** The root volume, GiB: Debian, the app, a day's journal. */
export const ROOT_VOLUME_GIB = 16;

/** Name of the root device of Debian's AMIs. */
export const ROOT_DEVICE = '/dev/xvda';

/**
 * The AMI of the nodes: EC2 Image Builder bakes it during the deployment and starts the service on a test instance
 * before any node gets it. Everything that the image consists of is in its hash, and the hash is in the logical ids and
 * the recipe's version: a changed byte is a new image, an unchanged app none. It has to be in the stack of the launch
 * template: neither kind of cross-stack reference would roll a new image out.
 */
export class NodeImage extends Construct {
  /** Resolved when it is baked. */
  readonly amiId: string;
  /** Of everything that it is made from, hexadecimal. */
  readonly hash: string;

  constructor(scope: Construct, id: string, props: NodeImageProps) {
    super(scope, id);
    if (!existsSync(join(props.bundleDir, 'install.sh'))) {
      throw new FleetError('FLEET_ERR_CONFIG', {
        message: `imageBundle: ${props.bundleDir} is not an image bundle (npx tsx scripts/build-image-bundle.ts makes one)`,
      });
    }
    const component = readFileSync(join(IMAGE_FILES, 'component.yaml'), 'utf8');
    const buildUserData = readFileSync(join(IMAGE_FILES, 'build-user-data.sh'), 'utf8');
    this.hash = createHash('sha256')
      .update(
        JSON.stringify([
          FileSystem.fingerprint(props.bundleDir),
          component,
          buildUserData,
          props.architecture,
          props.baseImage,
          props.revision,
        ]),
      )
      .digest('hex')
      .slice(0, 12);
    const version = versionOf(this.hash);
    const name = `${props.fleetName}-node`;
    const bundle = new Asset(this, 'Bundle', { path: props.bundleDir });

    const bakedComponent = new imagebuilder.CfnComponent(this, `Component${this.hash}`, {
      name,
      version,
      platform: 'Linux',
      supportedOsVersions: ['Debian 12'],
      data: component,
    });
    const recipe = new imagebuilder.CfnImageRecipe(this, `Recipe${this.hash}`, {
      name,
      version,
      parentImage: parentImage(this, props.baseImage),
      components: [
        {
          componentArn: bakedComponent.attrArn,
          parameters: [{ name: 'BundleUri', value: [bundle.s3ObjectUrl] }],
        },
      ],
      additionalInstanceConfiguration: {
        // Nodes have no SSH: the agent is how an operator gets a shell.
        systemsManagerAgent: { uninstallAfterBuild: false },
        userDataOverride: Fn.base64(buildUserData),
      },
      blockDeviceMappings: [
        {
          deviceName: ROOT_DEVICE,
          ebs: { volumeSize: ROOT_VOLUME_GIB, volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
        },
      ],
      amiTags: { 'mediasoup-fleet': props.fleetName, 'mediasoup-fleet:image-hash': this.hash },
    });
    const image = new imagebuilder.CfnImage(this, `Image${this.hash}`, {
      imageRecipeArn: recipe.attrArn,
      infrastructureConfigurationArn: this.infrastructure(props, bundle, name).attrArn,
      imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 60 },
      enhancedImageMetadataEnabled: true,
    });
    this.amiId = image.attrImageId;
  }

  private infrastructure(
    props: NodeImageProps,
    bundle: Asset,
    name: string,
  ): imagebuilder.CfnInfrastructureConfiguration {
    const managed = ['AmazonSSMManagedInstanceCore', 'EC2InstanceProfileForImageBuilder'];
    const role = new iam.Role(this, 'BuildRole', {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      description: 'Instances that bake and test the image of the nodes',
      managedPolicies: managed.map((policy) => iam.ManagedPolicy.fromAwsManagedPolicyName(policy)),
    });
    for (const policy of managed) {
      acknowledge(
        role,
        `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
        'What Image Builder requires of its build instances, which live for minutes; AWS keeps it up to date.',
      );
    }
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [bundle.bucket.arnForObjects(bundle.s3ObjectKey)],
      }),
    );
    const profile = new iam.InstanceProfile(this, 'BuildProfile', { role });
    const securityGroup = new ec2.SecurityGroup(this, 'BuildSecurityGroup', {
      vpc: props.network.vpc,
      description: 'Instances that bake the image: out only',
      allowAllOutbound: true,
    });
    const [subnetId] = props.network.publicSubnetIds;
    const infrastructure = new imagebuilder.CfnInfrastructureConfiguration(this, 'Infrastructure', {
      name,
      instanceProfileName: profile.instanceProfileName,
      instanceTypes: [...BUILD_INSTANCE_TYPES[props.architecture]],
      subnetId,
      securityGroupIds: [securityGroup.securityGroupId],
      instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
      terminateInstanceOnFailure: true,
    });
    Tags.of(infrastructure).add('mediasoup-fleet', props.fleetName);
    // The instance needs its routes to the internet, which are resources of their own.
    infrastructure.node.addDependency(props.network.routes);
    return infrastructure;
  }
}

/** Image Builder wants numbers: the hash as two of 24 bits each. */
function versionOf(hash: string): string {
  return `1.${parseInt(hash.slice(0, 6), 16)}.${parseInt(hash.slice(6, 12), 16)}`;
}

/** Image Builder takes an AMI id, or `ssm:` and the ARN or name of a parameter, as they are in the config. */
function parentImage(scope: Construct, baseImage: string): string {
  if (!baseImage.startsWith('ssm:/aws/service/')) return baseImage;
  // Public parameters belong to no account.
  const { partition, region } = Stack.of(scope);
  return `ssm:arn:${partition}:ssm:${region}::parameter${baseImage.slice('ssm:'.length)}`;
}
