import { PutSecretValue$, type PutSecretValueCommandInput } from '@aws-sdk/client-secrets-manager';
import { operation, type Operation } from '../../wire/operation';
import type { SecretsManager } from '../secrets-manager';
import { requireId } from './require-id';

export function putSecretValue(secrets: SecretsManager): Operation {
  return operation(PutSecretValue$, (input: PutSecretValueCommandInput) => {
    const { secret, version } = secrets.putVersion(requireId(input.SecretId), {
      text: input.SecretString,
      binary: input.SecretBinary,
      token: input.ClientRequestToken,
      stages: input.VersionStages,
    });
    return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: [...version.stages] };
  });
}
