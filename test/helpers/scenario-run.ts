import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ScenarioResult } from '../../local/scenarios/scenario-result';

const ROOT = join(__dirname, '..', '..');

export interface ScenarioRun {
  status: number | null;
  stdout: string;
  stderr: string;
  /** Of the last line, with `--json`. */
  result: Omit<ScenarioResult, 'problems'> | undefined;
}

/** `npm run scenario -- ARGS`, in a process of its own. @param env beside this process's */
export function runScenarioCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ScenarioRun> {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'bin/scenario.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      const result = last.startsWith('{') ? (JSON.parse(last) as ScenarioRun['result']) : undefined;
      resolve({ status, stdout, stderr, result });
    });
  });
}
