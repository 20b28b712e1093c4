import {
  UpdateSecretVersionStage$,
  type UpdateSecretVersionStageCommandInput,
} from '@aws-sdk/client-secrets-manager';
import { operation, type Operation } from '../../wire/operation';
import type { SecretsManager } from '../secrets-manager';
import { requireId } from './require-id';

export function updateSecretVersionStage(secrets: SecretsManager): Operation {
  return operation(UpdateSecretVersionStage$, (input: UpdateSecretVersionStageCommandInput) => {
    const secret = secrets.moveStage(
      requireId(input.SecretId),
      requireId(input.VersionStage, 'versionStage'),
      {
        from: input.RemoveFromVersionId,
        to: input.MoveToVersionId,
      },
    );
    return { ARN: secret.arn, Name: secret.name };
  });
}
