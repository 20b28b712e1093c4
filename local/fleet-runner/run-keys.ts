import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tokenKeysSchema, type TokenKey } from '../../core/auth/token-key';
import type { RunFolder } from './run-folder';

export type RunKey = Extract<TokenKey, { alg: 'HS256' }>;

/** The keys of one run with `auth: token`. They end with it. */
export interface RunKeys {
  peers: RunKey;
  operators: RunKey;
  /** Files that `fleet token --key-file` takes. */
  files: { peers: string; operators: string };
}

/** Makes the keys and writes them into the run's folder, for this user only. */
export async function createRunKeys(folder: RunFolder): Promise<RunKeys> {
  const keys: RunKeys = {
    peers: createKey('peers'),
    operators: createKey('operators'),
    files: { peers: folder.file('peer-keys.json'), operators: folder.file('operator-keys.json') },
  };
  for (const kind of ['peers', 'operators'] as const) {
    await writeFile(keys.files[kind], JSON.stringify(tokenKeysSchema.parse([keys[kind]])), { mode: 0o600 });
  }
  return keys;
}

function createKey(name: string): RunKey {
  return {
    kid: `${name}-${randomBytes(4).toString('hex')}`,
    alg: 'HS256',
    secret: randomBytes(32).toString('base64url'),
  };
}
