import { GetSecretValue$, type GetSecretValueCommandInput } from '@aws-sdk/client-secrets-manager';
import { operation, type Operation } from '../../wire/operation';
import type { SecretsManager } from '../secrets-manager';
import { requireId } from './require-id';

export function getSecretValue(secrets: SecretsManager): Operation {
  return operation(GetSecretValue$, (input: GetSecretValueCommandInput) => {
    const { secret, version } = secrets.version(requireId(input.SecretId), {
      versionId: input.VersionId,
      stage: input.VersionStage,
    });
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.id,
      SecretString: version.text,
      SecretBinary: version.binary,
      VersionStages: [...version.stages],
      CreatedDate: new Date(version.createdAtMs),
    };
  });
}
