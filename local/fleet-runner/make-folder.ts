import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from './system-error';

/**
 * Makes a folder and those above it that are missing. Not `mkdir` with `recursive`: Node 24 tries for ever where the
 * file system says that the parent is missing although it is there (a folder in /proc).
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const found = await stat(folder);
      if (!found.isDirectory()) throw new Error(`${folder} is not a folder`);
      break;
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT' || folder === dirname(folder)) throw error;
      missing.unshift(folder);
    }
  }
  for (const folder of missing) {
    await mkdir(folder, { mode }).catch((error: unknown) => {
      // Somebody else made it meanwhile.
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    });
  }
}
