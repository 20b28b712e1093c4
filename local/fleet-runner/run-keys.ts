import { writeFile } from 'node:fs/promises';
import { rotatingKeySchema, tokenKeysOf } from '../../core/auth/rotating-secret';
import { tokenKeysSchema, type TokenKey } from '../../core/auth/token-key';
import type { RunFolder } from './run-folder';

export type RunKey = Extract<TokenKey, { alg: 'HS256' }>;

/** The keys of one run with `auth: token`, out of the secrets that the deployment made. They end with it. */
export interface RunKeys {
  peers: RunKey;
  operators: RunKey;
  /** Files that `fleet token --key-file` takes. */
  files: { peers: string; operators: string };
}

/** Writes them into the run's folder, for this user only. @throws Error for a secret that holds no such key */
export async function createRunKeys(
  folder: RunFolder,
  secrets: { peers: string; operators: string },
): Promise<RunKeys> {
  const keys: RunKeys = {
    peers: readKey(secrets.peers),
    operators: readKey(secrets.operators),
    files: { peers: folder.file('peer-keys.json'), operators: folder.file('operator-keys.json') },
  };
  for (const kind of ['peers', 'operators'] as const) {
    await writeFile(keys.files[kind], JSON.stringify(tokenKeysSchema.parse([keys[kind]])), { mode: 0o600 });
  }
  return keys;
}

function readKey(secret: string): RunKey {
  const [key] = tokenKeysOf(rotatingKeySchema.parse(JSON.parse(secret)));
  if (key?.alg !== 'HS256') throw new Error('a token secret of the deployment holds no HS256 key');
  return key;
}
