import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Process ids of the children of a process; none when it is gone. */
export async function childrenOf(pid: number | undefined): Promise<number[]> {
  // pgrep ends with 1 when it finds none.
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
}
