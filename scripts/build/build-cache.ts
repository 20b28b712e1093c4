import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

export interface CachedBuildOptions {
  /** Where the record of the last build is kept, a JSON file. */
  recordFile: string;
  /** Whatever changes the result beside the inputs: versions, options, the build script's own text. */
  key: string;
  /** Files that must be there for the last build to count. */
  outputs: readonly string[];
  /** Builds, and gives the files that it read. */
  build: () => Promise<readonly string[]>;
}

const recordSchema = z.object({ key: z.string(), inputs: z.record(z.string(), z.string()) });

/**
 * Builds unless the last build was made with the same key from the same inputs, by size and time of change as make
 * does. Gives whether it built.
 */
export async function buildUnlessCurrent(options: CachedBuildOptions): Promise<boolean> {
  if (await isCurrent(options)) return false;
  // Before the build reads anything: a file that changes meanwhile makes the next build, not a wrong record.
  const startedMs = Date.now();
  const files = await options.build();
  const inputs: Record<string, string> = {};
  for (const file of files) inputs[file] = await fingerprint(file, startedMs);
  await writeWhole(options.recordFile, JSON.stringify({ key: hash(options.key), inputs }));
  return true;
}

/** Writes a file so that nobody ever reads half of it. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const partial = join(dirname(file), `.${process.pid}-${Math.random().toString(36).slice(2)}.partial`);
  await writeFile(partial, content);
  await rename(partial, file);
}

async function isCurrent({ recordFile, key, outputs }: CachedBuildOptions): Promise<boolean> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(recordFile, 'utf8')));
    if (record.key !== hash(key)) return false;
    await Promise.all(outputs.map((file) => stat(file)));
    const current = await Promise.all(
      Object.entries(record.inputs).map(async ([file, before]) => (await fingerprint(file)) === before),
    );
    return current.every(Boolean);
  } catch {
    // No record, an unreadable one, or a file that is gone: all mean to build.
    return false;
  }
}

async function fingerprint(file: string, notAfterMs = Infinity): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return mtimeMs > notAfterMs ? 'changed during the build' : `${size}:${mtimeMs}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
