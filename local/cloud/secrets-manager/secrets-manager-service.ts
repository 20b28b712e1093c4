import type { AwsService } from '../wire/aws-service';
import { createSecret } from './operations/create-secret';
import { describeSecret } from './operations/describe-secret';
import { getSecretValue } from './operations/get-secret-value';
import { listSecrets } from './operations/list-secrets';
import { putSecretValue } from './operations/put-secret-value';
import { updateSecretVersionStage } from './operations/update-secret-version-stage';
import type { SecretsManager } from './secrets-manager';

/** Secrets Manager over JSON 1.1. */
export function secretsManagerService(secrets: SecretsManager): AwsService {
  return {
    signingName: 'secretsmanager',
    protocols: [{ kind: 'json', version: '1.1', target: 'secretsmanager' }],
    operations: [
      createSecret(secrets),
      describeSecret(secrets),
      getSecretValue(secrets),
      listSecrets(secrets),
      putSecretValue(secrets),
      updateSecretVersionStage(secrets),
    ],
  };
}
