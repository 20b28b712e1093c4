import { readFile } from 'node:fs/promises';

/** The last line of a file that says something, or undefined when there is none. */
export async function lastLine(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').at(-1)?.trim() || undefined;
}
