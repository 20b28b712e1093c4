import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { boundedRequests } from './sdk-options';
import type { ReadSecret } from './store-password';

/** Reads secrets from Secrets Manager. */
export function secretReader(client: SecretsManagerClient): ReadSecret {
  return async (secretArn) => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return SecretString;
  };
}

export function createSecretsClient(): SecretsManagerClient {
  return new SecretsManagerClient(boundedRequests());
}
