import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import type { ConsoleStreamEvents } from '../../../core/protocol/console';
import type { ConsolePipe } from '../../../core/protocol/console-pipes';
import type { ConsoleControlInput, ConsoleControlName } from '../../../core/protocol/console-controls';
import { CONSOLE_TOKEN_HEADER } from '../../../core/protocol/console-token';
import type { ConsoleAdapter, Feed } from './adapter';

/** What is used of the browser's EventSource. */
export interface EventSourceLike {
  addEventListener(name: string, listener: (event: { data?: unknown; lastEventId?: string }) => void): void;
  close(): void;
}

export interface StreamAdapterOptions {
  /** Where the API is; ends with a slash. */
  url: string;
  /** Of the run that this page is of. */
  token: string;
  feed: (feed: Feed) => void;
  /** The server is another run's: the page and its token are of the past. */
  onOtherRun: () => void;
  openEventSource: (url: string) => EventSourceLike;
  fetch: typeof fetch;
  clock: Clock;
}

const RETRY_MS = 2_000;
/** The server speaks each second. */
const SILENCE_MS = 6_000;

/** Reads the console server of a fleet on this machine: its stream, which a broken connection goes on with. */
export class StreamAdapter implements ConsoleAdapter {
  readonly #options: StreamAdapterOptions;
  #source: EventSourceLike | undefined;
  #timer: Timer | undefined;
  #runId: string | undefined;
  #lastEventId = '';
  #closed = false;

  constructor(options: StreamAdapterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.feed({ kind: 'connection', connection: { phase: 'connecting' } });
    this.#open();
  }

  close(): void {
    this.#closed = true;
    this.#let();
  }

  useToken(): void {
    // This machine's own page came with one.
  }

  async control<N extends ConsoleControlName>(name: N, payload: ConsoleControlInput<N>): Promise<void> {
    const response = await this.#options.fetch(`${this.#options.url}controls/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CONSOLE_TOKEN_HEADER]: this.#options.token },
      body: JSON.stringify(payload),
    });
    if (!response.ok) throw await refusalOf(response);
  }

  async pipes(roomId: string): Promise<ConsolePipe[]> {
    const path = `rooms/${encodeURIComponent(roomId)}/pipes`;
    const response = await this.#options.fetch(`${this.#options.url}${path}`, { cache: 'no-store' });
    if (!response.ok) throw await refusalOf(response);
    const { pipes } = (await response.json()) as { pipes: ConsolePipe[] };
    return pipes;
  }

  #open(): void {
    const { url, openEventSource, feed } = this.#options;
    const query = this.#lastEventId === '' ? '' : `?lastEventId=${encodeURIComponent(this.#lastEventId)}`;
    const source = openEventSource(`${url}stream${query}`);
    this.#source = source;
    this.#expectNews();
    const on = <N extends keyof ConsoleStreamEvents>(
      name: N,
      then: (data: ConsoleStreamEvents[N], lastEventId: string) => void,
    ): void => {
      source.addEventListener(name, ({ data, lastEventId = '' }) => {
        if (source !== this.#source) return;
        this.#expectNews();
        then(JSON.parse(String(data)) as ConsoleStreamEvents[N], lastEventId);
      });
    };
    on('hello', ({ runId, history }) => {
      if (this.#runId !== undefined && this.#runId !== runId) {
        this.close();
        this.#options.onOtherRun();
        return;
      }
      this.#runId = runId;
      feed({ kind: 'history', samples: history });
    });
    on('state', (state) => {
      feed({ kind: 'connection', connection: { phase: 'live' } });
      feed({ kind: 'state', state });
    });
    on('entry', (entry, lastEventId) => {
      this.#lastEventId = lastEventId;
      feed({ kind: 'entries', entries: [entry] });
    });
    on('trouble', ({ message }) => feed({ kind: 'connection', connection: { phase: 'trouble', message } }));
    // The browser's own retries end at any answer but 200; ours don't, and the page can say when the next is.
    source.addEventListener('error', () => {
      if (source === this.#source) this.#lose('the console does not answer');
    });
  }

  #expectNews(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(SILENCE_MS, () => this.#lose('the console has gone silent'));
  }

  #lose(message: string): void {
    this.#let();
    if (this.#closed) return;
    const { clock, feed } = this.#options;
    feed({
      kind: 'connection',
      connection: { phase: 'lost', message, retryAtMs: clock.nowMs() + RETRY_MS },
    });
    this.#timer = clock.setTimer(RETRY_MS, () => this.#open());
  }

  #let(): void {
    this.#timer?.cancel();
    const source = this.#source;
    this.#source = undefined;
    source?.close();
  }
}

async function refusalOf(response: Response): Promise<Error> {
  const { message } = (await response.json().catch(() => ({}))) as { message?: string };
  return new Error(message ?? `the console answered ${response.status}`);
}
