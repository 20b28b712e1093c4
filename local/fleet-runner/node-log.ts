import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** A line of a node's log that a person should see. */
export interface NodeWarning {
  level: 'warn' | 'error';
  message: string;
}

/** pino's number for warnings; errors and worse are from 50. */
const PINO_WARN = 40;
const PINO_ERROR = 50;

/** Writes what a node says to a file, line by line, and picks out what a person should see. */
export class NodeLog {
  private readonly file: WriteStream;
  private readonly reading: Promise<void>[] = [];
  private lastError: string | undefined;

  constructor(
    filePath: string,
    private readonly onWarning: (warning: NodeWarning) => void,
  ) {
    this.file = createWriteStream(filePath, { flags: 'a', mode: 0o600 });
    // A full disk must not end the calls; the log then just has a gap.
    this.file.on('error', () => undefined);
  }

  /** The latest error that the node logged or printed, for the line that reports its death. */
  get latestError(): string | undefined {
    return this.lastError;
  }

  /** Takes over one of the process's outputs. */
  read(output: Readable): void {
    const lines = createInterface({ input: output, crlfDelay: Infinity });
    lines.on('line', (line) => this.take(line));
    this.reading.push(new Promise((resolve) => lines.once('close', resolve)));
  }

  /** Resolves when the outputs ended and all of it is written. */
  async close(): Promise<void> {
    await Promise.all(this.reading);
    this.file.end();
    await finished(this.file).catch(() => undefined);
  }

  private take(line: string): void {
    this.file.write(`${line}\n`);
    const record = parsePino(line);
    if (!record) {
      // No log line: the configuration is refused before there is a log, and a crash is in Node's own words.
      if (/^(FLEET_ERR_\w+|\S*(Error|Exception)\b.*): /.test(line)) this.lastError = line;
      return;
    }
    if (record.level < PINO_WARN) return;
    const level = record.level >= PINO_ERROR ? 'error' : 'warn';
    if (level === 'error') this.lastError = record.message;
    this.onWarning({ level, message: record.message });
  }
}

function parsePino(line: string): { level: number; message: string } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const record = JSON.parse(line) as { level?: unknown; msg?: unknown; err?: { message?: unknown } | null };
    if (typeof record.level !== 'number') return undefined;
    const reason = typeof record.err?.message === 'string' ? record.err.message : undefined;
    const said = typeof record.msg === 'string' ? record.msg : undefined;
    const message = said && reason && !said.includes(reason) ? `${said}: ${reason}` : (said ?? reason);
    return { level: record.level, message: (message ?? line).split('\n')[0] ?? line };
  } catch {
    return undefined;
  }
}
