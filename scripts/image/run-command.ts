import { spawn } from 'node:child_process';

export interface RunCommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Shown to the person as it comes. @default only after a failure */
  show?: boolean;
  /** Milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
}

const KEPT_OUTPUT = 20_000;

/** Runs a program to its end and gives what it printed. @throws Error with the end of its output when it fails */
export function runCommand(command: string, args: string[], options: RunCommandOptions): Promise<string> {
  const { env, cwd, show = false, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      if (show) process.stdout.write(chunk);
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code, endedBy) => {
      if (code === 0) resolve(output);
      else {
        const shown = show ? '' : `:\n${output.trim()}`;
        reject(new Error(`${command} ${args[0] ?? ''} ended with ${code ?? endedBy}${shown}`));
      }
    });
  });
}
