import { inRegion, type SecretArn } from './secret-arn';
import { readSecretKey } from './secret-signing-key';
import { findSigningKey, type SigningKey } from './signing-key';

/** How a command line says what signs its tokens. */
export interface KeyFlags {
  keyFile?: string;
  kid?: string;
  secretArn?: SecretArn;
  /** Of the secret's replica that is read. @default that of the ARN */
  region?: string;
}

/** The variable that has the key when no option says where it is. */
export type KeyVariable = 'FLEET_TOKEN_KEYS' | 'FLEET_ADMIN_TOKEN_KEYS';

/** Whether anything says what signs. */
export function namesKey(
  { keyFile, kid, secretArn }: KeyFlags,
  variable: KeyVariable,
  env: NodeJS.ProcessEnv,
): boolean {
  return secretArn !== undefined || keyFile !== undefined || kid !== undefined || Boolean(env[variable]);
}

/** @throws RunnerError when there is none, or it is none */
export function findCommandKey(
  { keyFile, kid, secretArn, region }: KeyFlags,
  variable: KeyVariable,
  env: NodeJS.ProcessEnv,
): Promise<SigningKey> {
  if (secretArn === undefined) return findSigningKey({ keyFile, kid, variable, env });
  return readSecretKey(region === undefined ? secretArn : inRegion(secretArn, region));
}
