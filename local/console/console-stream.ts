import type { Writable } from 'node:stream';
import type { Clock } from '../../core/clock';
import type { ConsoleStreamEvents } from '../../core/protocol/console';
import type { ConsoleSource } from './console-source';

export interface ConsoleStreamOptions {
  output: Writable;
  events: ConsoleSource['events'];
  runId: string;
  /** Events after this one are sent. */
  afterSequence: number;
  clock: Pick<Clock, 'monotonicMs'>;
}

/** Events sent in one go: with one state, what waits in memory for a reader that is slow. */
const BATCH = 100;

/** A Server-Sent Event. */
export function frame<N extends keyof ConsoleStreamEvents>(
  name: N,
  data: ConsoleStreamEvents[N],
  id?: string,
): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/**
 * One reader. What it hasn't taken is not queued: of states only the newest waits, and events are read from where they
 * are kept when it can take more.
 */
export class ConsoleStream {
  private waitingFrame: string | undefined;
  private sentSequence: number;
  private fullSinceMs: number | undefined;

  constructor(private readonly options: ConsoleStreamOptions) {
    this.sentSequence = options.afterSequence;
    options.output.on('drain', () => {
      this.fullSinceMs = undefined;
      this.pump();
    });
  }

  /** How long the reader has taken nothing, milliseconds; 0 while it keeps up. */
  get stuckMs(): number {
    return this.fullSinceMs === undefined ? 0 : this.options.clock.monotonicMs() - this.fullSinceMs;
  }

  /** Sends this, or the newest of what is offered while the reader is slow. */
  offer(newestFrame: string): void {
    this.waitingFrame = newestFrame;
    this.pump();
  }

  /** Sends what happened since. */
  pump(): void {
    while (this.fullSinceMs === undefined) {
      const text = this.next();
      if (text === '') return;
      if (!this.options.output.write(text)) this.fullSinceMs = this.options.clock.monotonicMs();
    }
  }

  private next(): string {
    const { events, runId } = this.options;
    const entries = events(this.sentSequence).slice(0, BATCH);
    this.sentSequence = entries.at(-1)?.sequence ?? this.sentSequence;
    const text = entries.map((entry) => frame('entry', entry, `${runId}.${entry.sequence}`)).join('');
    const state = this.waitingFrame ?? '';
    this.waitingFrame = undefined;
    return text + state;
  }
}
