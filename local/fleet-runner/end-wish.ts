import type { Clock } from '../../core/clock';

export interface EndWishOptions {
  clock: Clock;
  process: NodeJS.Process;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const REASONS = { SIGINT: 'Ctrl-C', SIGTERM: 'SIGTERM', SIGHUP: 'the terminal was closed' } as const;

/**
 * A terminal's Ctrl-C reaches npm and this process, and npm passes it on: the same wish twice. One that comes later
 * than this, milliseconds, is a second wish.
 */
const SAME_WISH_MS = 500;

/** Somebody's wish that the run ends: a signal, or an output that nobody reads any more. */
export class EndWish {
  /** Resolves with the first wish. */
  readonly first: Promise<void>;
  /** Resolves when it is wished again: at once, then. */
  readonly second: Promise<void>;
  /** Why, in a person's words; undefined before the first wish. */
  reason: string | undefined;
  private readonly listeners: [event: NodeJS.Signals, listener: () => void][] = [];
  private firstAtMs = 0;
  private resolveFirst: () => void = () => undefined;
  private resolveSecond: () => void = () => undefined;
  private readonly onOutputError = (): void => this.wish('nobody reads the output');

  constructor(private readonly options: EndWishOptions) {
    this.first = new Promise((resolve) => (this.resolveFirst = resolve));
    this.second = new Promise((resolve) => (this.resolveSecond = resolve));
    for (const signal of SIGNALS) {
      const listener = (): void => this.wish(REASONS[signal]);
      this.listeners.push([signal, listener]);
      options.process.on(signal, listener);
    }
    // A closed terminal or pipe; without a listener it would end the process in the middle of things.
    options.process.stdout.on('error', this.onOutputError);
    options.process.stderr.on('error', this.onOutputError);
  }

  /** Gives the signals their usual meaning back. Idempotent. */
  close(): void {
    for (const [signal, listener] of this.listeners.splice(0)) this.options.process.off(signal, listener);
  }

  private wish(reason: string): void {
    const nowMs = this.options.clock.monotonicMs();
    if (this.reason === undefined) {
      this.reason = reason;
      this.firstAtMs = nowMs;
      this.resolveFirst();
    } else if (nowMs - this.firstAtMs > SAME_WISH_MS) {
      this.resolveSecond();
    }
  }
}
