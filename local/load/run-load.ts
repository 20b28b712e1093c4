import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Timer } from '../../core/clock';
import { EndWish } from '../fleet-runner/end-wish';
import { systemClock } from '../fleet-runner/system-clock';
import { RunnerError } from '../runner-error';
import { LoadGenerator, type LoadOptions } from './load-generator';
import { formatReport, megabits, type LoadReport, type LoadSecond } from './load-report';

export interface RunLoadOptions extends LoadOptions {
  /** Undefined: until somebody ends it. */
  durationMs: number | undefined;
  /** The report as one line of JSON, and nothing else. */
  json: boolean;
  /** A file that gets a line of JSON for each second. */
  timeline: string | undefined;
  stdout: (text: string) => void;
}

const ERASE_LINE = '\r\u001b[K';
/** Where a line can't be drawn anew, one stands for so many seconds. */
const SECONDS_PER_LINE = 10;

/**
 * Loads a fleet until the time is up or somebody ends it, and prints the report. Gives the exit status: 1 when
 * nobody got in.
 * @throws RunnerError
 */
export async function runLoad(options: RunLoadOptions): Promise<number> {
  const { durationMs, json, stdout } = options;
  const clock = systemClock;
  const wish = new EndWish({ clock, process });
  const timeline = options.timeline === undefined ? undefined : await openTimeline(options.timeline);
  let timer: Timer | undefined;
  let load: LoadGenerator | undefined;
  try {
    load = await LoadGenerator.start({
      ...options,
      clock,
      onSecond: (second) => {
        timeline?.write(`${JSON.stringify(second)}\n`);
        if (!json) progress(second, stdout);
      },
    });
    const timeIsUp = new Promise<void>((resolve) => {
      if (durationMs !== undefined) timer = clock.setTimer(durationMs, resolve);
    });
    await Promise.race([load.failed, wish.first, timeIsUp]);
    void wish.second.then(() => load?.kill());
    const report = await load.stop();
    print(report, options);
    if (report.joins.done > 0) return 0;
    throw new RunnerError(
      report.joins.lastFailure === undefined
        ? 'nobody got in: there was no time for it'
        : `nobody got in; the last attempt: ${report.joins.lastFailure}`,
    );
  } finally {
    timer?.cancel();
    load?.kill();
    wish.close();
    timeline?.end();
  }
}

function progress(second: LoadSecond, stdout: (text: string) => void): void {
  const failures = Object.entries(second.failures).map(([code, count]) => `${code} ${count}`);
  const text = [
    `${second.second} s`,
    `${second.in} of ${second.asked} peers in`,
    ...(second.away > 0 ? [`${second.away} away`] : []),
    ...(second.dropped + second.failed > 0 ? [`${second.dropped + second.failed} given up`] : []),
    `${megabits(second.receivedBps)} of ${megabits(second.wantedBps)} received`,
    `${second.lost} lost`,
    ...failures,
  ].join(' · ');
  if (process.stdout.isTTY) {
    const columns = process.stdout.columns || 80;
    stdout(`${ERASE_LINE}${text.slice(0, columns - 1)}`);
  } else if (second.second % SECONDS_PER_LINE === 0 || failures.length > 0) stdout(`${text}\n`);
}

function print(report: LoadReport, { json, stdout }: RunLoadOptions): void {
  if (json) stdout(`${JSON.stringify({ name: 'load', figures: report })}\n`);
  else stdout(`${process.stdout.isTTY ? ERASE_LINE : ''}\n${formatReport(report)}`);
}

/** @throws RunnerError when it can't be written */
async function openTimeline(file: string): Promise<WriteStream> {
  const stream = createWriteStream(file);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new RunnerError(`can not write the timeline ${file}: ${(cause as Error).message}`, { cause });
  }
  // A disk that fills up later ends no run.
  stream.on('error', () => undefined);
  return stream;
}
