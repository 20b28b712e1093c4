import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** Log files of functions, one each, in place of their log groups. */
export class FunctionLog {
  private readonly files = new Map<string, WriteStream>();

  /** @param folder made if it is not there */
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  write(functionName: string, line: string): void {
    let file = this.files.get(functionName);
    if (!file) {
      file = createWriteStream(join(this.folder, `${functionName}.log`), { flags: 'a' });
      // A full disk ends the log, not the cloud.
      file.on('error', () => undefined);
      this.files.set(functionName, file);
    }
    file.write(`${line}\n`);
  }

  /** Resolves when all is written. Idempotent. */
  async close(): Promise<void> {
    const files = [...this.files.values()];
    this.files.clear();
    await Promise.all(files.map((file) => new Promise<void>((resolve) => file.end(() => resolve()))));
  }
}
