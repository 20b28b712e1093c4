import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tokenKeysSchema } from '../../core/auth/token-key';
import { RunnerError } from '../runner-error';

/** What signs a token. Never on a command line, where every user of the machine could read it. */
export type SigningKey =
  | { kid: string; alg: 'HS256'; secret: string }
  /** PEM (PKCS#8) of an Ed25519 private key. */
  | { kid: string; alg: 'EdDSA'; privateKey: string };

export interface FindSigningKeyOptions {
  /**
   * A file with either the JSON of `FLEET_TOKEN_KEYS`, or the PEM of an Ed25519 private key.
   * @default the variable named by `variable`
   */
  keyFile?: string | undefined;
  /** Where the fleet's own nodes have these keys from. */
  variable: 'FLEET_TOKEN_KEYS' | 'FLEET_ADMIN_TOKEN_KEYS';
  /** Which of the keys; for a PEM the id under which the fleet knows its public half. @default the first HS256 key */
  kid?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** @throws RunnerError when there is no key that can sign */
export async function findSigningKey(options: FindSigningKeyOptions): Promise<SigningKey> {
  const { keyFile, kid, variable } = options;
  const source = keyFile ?? variable;
  /** Of the lines of npm start. */
  const printedAt = variable === 'FLEET_TOKEN_KEYS' ? 'peer token' : 'operator token';
  const text = keyFile === undefined ? options.env[variable] : await readKeyFile(keyFile, printedAt);
  if (!text) {
    throw new RunnerError(
      keyFile === undefined
        ? `no key to sign with: give --key-file FILE (npm start -- --auth token prints it at "${printedAt}"), or set ${variable}`
        : `the key file ${keyFile} is empty`,
    );
  }
  if (text.trimStart().startsWith('-----BEGIN')) return pemKey(text, source, kid);
  const keys = tokenKeysSchema.safeParse(parseJson(text));
  if (!keys.success) {
    // Not the parser's own words: they can quote a secret.
    const places = keys.error.issues.map((issue) => issue.path.join('.') || 'the whole').join(', ');
    throw new RunnerError(`${source} is not a list of token keys: ${places} is not valid`);
  }
  const hmac = keys.data.filter((key) => key.alg === 'HS256');
  const key = kid === undefined ? hmac[0] : hmac.find((candidate) => candidate.kid === kid);
  if (key) return key;
  throw new RunnerError(
    kid === undefined ? `${source} has no key that can sign (HS256)` : `${source} has no HS256 key "${kid}"`,
  );
}

function pemKey(pem: string, source: string, kid: string | undefined): SigningKey {
  if (kid === undefined) throw new RunnerError('give --kid: the id under which the fleet knows this key');
  try {
    const { asymmetricKeyType } = createPrivateKey(pem);
    if (asymmetricKeyType === 'ed25519') return { kid, alg: 'EdDSA', privateKey: pem };
  } catch {
    // Said below, without OpenSSL's words.
  }
  throw new RunnerError(`${source} is not the PEM of an Ed25519 private key`);
}

async function readKeyFile(file: string, printedAt: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new RunnerError(
      `can not read the key file ${file} of --key-file: npm start -- --auth token prints that of its run at "${printedAt}"`,
      { cause },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
