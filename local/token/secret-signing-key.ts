import type * as SecretsManager from '@aws-sdk/client-secrets-manager';
import { rotatingKeySchema, tokenKeysOf } from '../../core/auth/rotating-secret';
import { RunnerError } from '../runner-error';
import type { SecretArn } from './secret-arn';
import type { SigningKey } from './signing-key';

/** A call takes far less. Without limits a person would wait for minutes where no route leads to AWS. Milliseconds. */
const LIMITS = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/**
 * The key that a deployed fleet signs with, from its secret, under the id that its nodes know it by. Credentials and
 * `AWS_ENDPOINT_URL` are taken as every AWS SDK takes them.
 * @throws RunnerError when it can not be read, or can not sign; never with the secret in it
 */
export async function readSecretKey(secret: SecretArn): Promise<SigningKey> {
  // Loaded only here: no other command needs it, and it takes longer to load than they take.
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const client = new sdk.SecretsManagerClient({
    region: secret.region,
    maxAttempts: 2,
    requestHandler: LIMITS,
  });
  try {
    const command = new sdk.GetSecretValueCommand({ SecretId: secret.arn });
    return keyOfSecret((await client.send(command)).SecretString, secret);
  } catch (cause) {
    if (cause instanceof RunnerError) throw cause;
    throw new RunnerError(`can not read ${secret.arn}: ${reasonOf(cause, sdk)}`, { cause });
  } finally {
    client.destroy();
  }
}

/** The current key, read as nodes read it (node-app/aws/fleet-secrets.ts), so that its id is the same. */
function keyOfSecret(text: string | undefined, { arn }: SecretArn): SigningKey {
  const parsed = rotatingKeySchema.safeParse(parseJson(text));
  if (!parsed.success) {
    // Not the parser's own words: they can quote a secret.
    const place = parsed.error.issues[0]?.path.join('.') || 'the whole';
    throw new RunnerError(
      `${arn} does not hold a token key, {"current": "at least 32 characters"}: ${place} is not valid`,
    );
  }
  const [key] = tokenKeysOf(parsed.data);
  if (key?.alg === 'HS256') return key;
  throw new RunnerError(
    `${arn} holds a public key, which can not sign: give --key-file with the PEM of its private key, and --kid`,
  );
}

/** Why, and what helps, in one line. */
function reasonOf(error: unknown, sdk: typeof SecretsManager): string {
  if (!(error instanceof Error)) return 'it failed for no reason given';
  if (!(error instanceof sdk.SecretsManagerServiceException)) return reasonOfFailure(error);
  const said = oneLine(`${error.name}: ${error.message}`);
  switch (error.name) {
    case 'AccessDeniedException':
      return `access denied: your AWS identity needs secretsmanager:GetSecretValue on it (${said})`;
    case 'ResourceNotFoundException':
      return `no such secret in this region of this account: compare it with the stack's output (${said})`;
    case 'ExpiredTokenException':
    case 'IncompleteSignature':
    case 'InvalidClientTokenId':
    case 'InvalidSignatureException':
    case 'MissingAuthenticationToken':
    case 'UnrecognizedClientException':
      return `AWS does not accept your credentials: sign in again, or set AWS_PROFILE (${said})`;
    default:
      return said;
  }
}

/** Of what never was an answer of Secrets Manager, or not a readable one. */
function reasonOfFailure(error: Error): string {
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError') {
    return `no AWS credentials: sign in with the AWS CLI, or set AWS_PROFILE (${oneLine(error.message)})`;
  }
  // No message here: that of an answer which is not JSON quotes the answer.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `no valid answer of Secrets Manager (${code})`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ').slice(0, 400);
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
