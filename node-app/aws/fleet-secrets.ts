import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { z } from 'zod';
import { rotatingKeySchema, rotatingSecretSchema, tokenKeysOf } from '../../core/auth/rotating-secret';
import { FleetError } from '../../core/errors';
import type { AwsVariables } from './aws-variables';

export type SecretsPort = Pick<SecretsManagerClient, 'send'>;

/**
 * The variables that the secrets stand for. A variable that is given beside the name of its secret is a mistake.
 * @throws FleetError FLEET_ERR_CONFIG when a secret has the wrong shape (its content is never shown),
 *   FLEET_ERR_INTERNAL when it can not be read
 */
export async function readSecrets(
  client: SecretsPort,
  variables: AwsVariables,
  given: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  const result: NodeJS.ProcessEnv = {};
  const put = (name: string, from: keyof AwsVariables, value: string) => {
    if (given[name])
      throw new FleetError('FLEET_ERR_CONFIG', { message: `${name} and ${from} are both set` });
    result[name] = value;
  };
  const text = async (from: keyof AwsVariables) =>
    readSecret(client, from, variables[from], rotatingSecretSchema);
  const keys = async (from: keyof AwsVariables) =>
    readSecret(client, from, variables[from], rotatingKeySchema);

  const [link, webhook, store, peers, operators] = await Promise.all([
    text('FLEET_LINK_SECRET_ARN'),
    text('FLEET_WEBHOOK_SECRET_ARN'),
    text('FLEET_REDIS_SECRET_ARN'),
    keys('FLEET_TOKEN_KEYS_SECRET_ARN'),
    keys('FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN'),
  ]);
  if (link) put('FLEET_LINK_SECRETS', 'FLEET_LINK_SECRET_ARN', listOf(link));
  if (webhook) put('FLEET_WEBHOOK_SECRETS', 'FLEET_WEBHOOK_SECRET_ARN', listOf(webhook));
  if (peers) put('FLEET_TOKEN_KEYS', 'FLEET_TOKEN_KEYS_SECRET_ARN', JSON.stringify(tokenKeysOf(peers)));
  if (operators) {
    const value = JSON.stringify(tokenKeysOf(operators));
    put('FLEET_ADMIN_TOKEN_KEYS', 'FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN', value);
  }
  if (store) result.FLEET_REDIS_URL = withPassword(given.FLEET_REDIS_URL, store.current);
  return result;
}

/** The store's passwords, to be tried in this order. @throws as {@link readSecrets} */
export async function readStorePasswords(client: SecretsPort, arn: string): Promise<string[]> {
  const secret = await readSecret(client, 'FLEET_REDIS_SECRET_ARN', arn, rotatingSecretSchema);
  return secret ? [secret.current, ...(secret.previous === undefined ? [] : [secret.previous])] : [];
}

async function readSecret<S extends z.ZodType>(
  client: SecretsPort,
  variable: keyof AwsVariables,
  arn: unknown,
  schema: S,
): Promise<z.infer<S> | undefined> {
  if (typeof arn !== 'string') return undefined;
  let content: string | undefined;
  try {
    content = (await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new FleetError('FLEET_ERR_INTERNAL', {
      message: `the secret of ${variable} can not be read: ${reason}`,
      cause,
    });
  }
  const parsed = schema.safeParse(parseJson(content));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') || 'JSON';
  throw new FleetError('FLEET_ERR_CONFIG', {
    message: `${variable} names a secret that is not {"current", "previous"?} (at ${where})`,
  });
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function listOf({ current, previous }: z.infer<typeof rotatingSecretSchema>): string {
  return [current, ...(previous === undefined ? [] : [previous])].join(',');
}

function withPassword(url: string | undefined, password: string): string {
  if (!url || !URL.canParse(url)) {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: 'FLEET_REDIS_URL is required beside FLEET_REDIS_SECRET_ARN, without a password',
    });
  }
  const parsed = new URL(url);
  if (parsed.password || parsed.host === '') {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: 'FLEET_REDIS_URL beside FLEET_REDIS_SECRET_ARN must have a host and no password',
    });
  }
  parsed.password = encodeURIComponent(password);
  return parsed.href;
}
