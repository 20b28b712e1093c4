import { DescribeSecret$, type DescribeSecretCommandInput } from '@aws-sdk/client-secrets-manager';
import { operation, type Operation } from '../../wire/operation';
import { stagesByVersion } from '../secret';
import type { SecretsManager } from '../secrets-manager';
import { requireId } from './require-id';
import { secretOutput } from './secret-output';

export function describeSecret(secrets: SecretsManager): Operation {
  return operation(DescribeSecret$, ({ SecretId }: DescribeSecretCommandInput) => {
    const secret = secrets.find(requireId(SecretId));
    return { ...secretOutput(secret), VersionIdsToStages: stagesByVersion(secret) };
  });
}
