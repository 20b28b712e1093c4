import { CreateSecret$, type CreateSecretCommandInput } from '@aws-sdk/client-secrets-manager';
import { operation, type Operation } from '../../wire/operation';
import type { SecretsManager } from '../secrets-manager';
import { requireId } from './require-id';

export function createSecret(secrets: SecretsManager): Operation {
  return operation(CreateSecret$, (input: CreateSecretCommandInput) => {
    const { SecretString, SecretBinary, ClientRequestToken } = input;
    const hasValue = SecretString !== undefined || SecretBinary !== undefined;
    const secret = secrets.create(
      requireId(input.Name, 'name'),
      input.Description,
      hasValue ? { text: SecretString, binary: SecretBinary, token: ClientRequestToken } : undefined,
    );
    return { ARN: secret.arn, Name: secret.name, VersionId: [...secret.versions.keys()][0] };
  });
}
