import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { ConsoleState, PoolSample } from '../../core/protocol/console';
import type { ConsoleSource } from './console-source';
import { ConsoleStream, frame } from './console-stream';

export interface ConsoleStreamsOptions {
  source: ConsoleSource;
  /** Of this run: what was sent by another one doesn't count. No dots. */
  runId: string;
  clock: Clock;
}

const INTERVAL_MS = 1_000;
/** While nobody looks the pool is sampled less often, every so many intervals: its chart shall not begin empty. */
const UNWATCHED_INTERVALS = 5;
/** Ten minutes, watched. */
const MAX_SAMPLES = 600;
/** Browsers hold few connections per host; more than this is a fault or an attack. */
const MAX_STREAMS = 24;
/** A new reader gets the newest events only. */
const MAX_FIRST_EVENTS = 300;
/** A reader that takes nothing for so long is cut off; its page comes back by itself. */
const STUCK_MS = 30_000;

/** All readers of the console's stream, and the state that they get each second. */
export class ConsoleStreams {
  private readonly streams = new Map<ServerResponse, ConsoleStream>();
  private readonly history: PoolSample[] = [];
  private readonly timer: Timer;
  private readonly unsubscribe: () => void;
  private asking = false;
  private closed = false;
  private intervals = 0;

  constructor(private readonly options: ConsoleStreamsOptions) {
    this.timer = options.clock.setRepeating(INTERVAL_MS, () => {
      this.cutStuck();
      this.intervals += 1;
      if (this.streams.size > 0 || this.intervals % UNWATCHED_INTERVALS === 0) void this.refresh();
    });
    this.unsubscribe = options.source.subscribe(() => {
      for (const stream of this.streams.values()) stream.pump();
    });
  }

  get size(): number {
    return this.streams.size;
  }

  /**
   * Answers with the stream, until either side ends it. `lastEventId`: the last that the reader has.
   * @throws FleetError FLEET_ERR_RATE_LIMITED
   */
  open(response: ServerResponse, lastEventId: string | undefined): void {
    if (this.closed) throw new FleetError('FLEET_ERR_SHUTTING_DOWN');
    if (this.streams.size >= MAX_STREAMS) {
      const message = `more than ${MAX_STREAMS} pages have the console open`;
      throw new FleetError('FLEET_ERR_RATE_LIMITED', { message, retryAfterMs: 5_000 });
    }
    const { source, runId, clock } = this.options;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.write(frame('hello', { runId, history: this.history }));
    const stream = new ConsoleStream({
      output: response,
      events: (afterSequence) => source.events(afterSequence),
      runId,
      afterSequence: this.firstAfter(lastEventId),
      clock,
    });
    this.streams.set(response, stream);
    response.on('close', () => this.streams.delete(response));
    response.on('error', () => response.destroy());
    stream.pump();
    void this.refresh();
  }

  /** Ends all streams. Idempotent. */
  close(): void {
    this.closed = true;
    this.timer.cancel();
    this.unsubscribe();
    for (const response of this.streams.keys()) response.destroy();
    this.streams.clear();
  }

  /** Where a reader goes on: after what it has, if that is of this run and not too long ago. */
  private firstAfter(lastEventId: string | undefined): number {
    const { source, runId } = this.options;
    const [run, sequence] = lastEventId?.split('.') ?? [];
    const after = run === runId && /^\d{1,15}$/.test(sequence ?? '') ? Number(sequence) : 0;
    const missing = source.events(after);
    return missing.at(-1 - MAX_FIRST_EVENTS)?.sequence ?? after;
  }

  /** Never rejects. */
  private async refresh(): Promise<void> {
    // A slow answer is not asked for again before it is there.
    if (this.asking || this.closed) return;
    this.asking = true;
    try {
      const state = await this.options.source.state();
      this.sample(state);
      this.offer(frame('state', state));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.offer(frame('trouble', { message }));
    } finally {
      this.asking = false;
    }
  }

  private offer(text: string): void {
    for (const stream of this.streams.values()) stream.offer(text);
  }

  private sample({ nowMs, pool }: ConsoleState): void {
    const { utilization, desired, inService } = pool;
    // A page that opens asks at once, also twice within the same moment.
    if (this.history.at(-1)?.atMs === nowMs) return;
    this.history.push({ atMs: nowMs, utilization, desired, inService });
    if (this.history.length > MAX_SAMPLES) this.history.shift();
  }

  private cutStuck(): void {
    for (const [response, stream] of this.streams) if (stream.stuckMs > STUCK_MS) response.destroy();
  }
}
