import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { CloudIdentity } from '../../cloud-identity';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { generatedName } from '../../template/physical-id';
import { generateSecretString, generateSecretStringSchema } from '../generate-secret-string';
import type { SecretsManager } from '../secrets-manager';

const propertiesSchema = z.object({
  Name: z.string().optional(),
  Description: z.string().optional(),
  GenerateSecretString: generateSecretStringSchema.optional(),
  SecretString: z.string().optional(),
});
type Properties = z.infer<typeof propertiesSchema>;

export interface SecretTypeOptions {
  identity: CloudIdentity;
  secrets: SecretsManager;
}

/** `AWS::SecretsManager::Secret`. */
export class SecretType implements ResourceType<Properties> {
  readonly type = 'AWS::SecretsManager::Secret';
  readonly properties = propertiesSchema;
  readonly inert = ['KmsKeyId', 'ReplicaRegions', 'Tags'];

  constructor(private readonly options: SecretTypeOptions) {}

  create(resource: ResourceInput<Properties>): CreatedResource {
    const { properties } = resource;
    // Without either, CloudFormation generates one with all defaults.
    const secret = this.options.secrets.create(this.nameOf(resource), properties.Description, {
      text: textOf(properties),
    });
    return { ref: secret.arn, attributes: { Id: secret.arn } };
  }

  update(resource: ResourceInput<Properties>, previous: ResourceInput<Properties>): CreatedResource {
    const name = this.nameOf(resource);
    if (name !== this.nameOf(previous)) {
      this.remove(previous);
      return this.create(resource);
    }
    const { secrets } = this.options;
    const secret = secrets.find(name);
    secret.description = resource.properties.Description;
    const { SecretString, GenerateSecretString } = resource.properties;
    const isSame =
      SecretString === previous.properties.SecretString &&
      isDeepStrictEqual(GenerateSecretString, previous.properties.GenerateSecretString);
    if (!isSame) secrets.putVersion(name, { text: textOf(resource.properties) });
    return { ref: secret.arn, attributes: { Id: secret.arn } };
  }

  remove(resource: ResourceInput<Properties>): void {
    this.options.secrets.delete(this.nameOf(resource));
  }

  private nameOf({ stackName, logicalId, properties }: ResourceInput<Properties>): string {
    const { identity } = this.options;
    // "<logical id>-<random characters>" (template reference, Name).
    return properties.Name ?? generatedName({ identity, stackName, logicalId }).replace(`${stackName}-`, '');
  }
}

function textOf({ SecretString, GenerateSecretString }: Properties): string {
  return SecretString ?? generateSecretString(GenerateSecretString ?? generateSecretStringSchema.parse({}));
}
