import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunnerError } from '../runner-error';

/** Everything that a run writes: Redis' socket, keys, logs. Only this user can enter it. */
export class RunFolder {
  private constructor(readonly path: string) {}

  /** @throws RunnerError when the folder for temporary files is not usable */
  static create(): RunFolder {
    try {
      // mkdtemp makes it 0700.
      return new RunFolder(mkdtempSync(join(tmpdir(), 'fleet-')));
    } catch (cause) {
      throw new RunnerError(`can not write to ${tmpdir()}: set TMPDIR to a folder that you may write to`, {
        cause,
      });
    }
  }

  /** A folder in it, made when it is not there. */
  sub(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Idempotent. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
