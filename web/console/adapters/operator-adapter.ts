import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import {
  pipesFromOperatorApi,
  type ConsolePipe,
  type OperatorRoomDetail,
} from '../../../core/protocol/console-pipes';
import type { ConsoleAdapter, Feed } from './adapter';
import {
  describeOperatorEvent,
  stateFromOperatorApi,
  type OperatorEvent,
  type OperatorNode,
  type OperatorRoom,
} from '../../../core/protocol/console-operator-state';

export interface OperatorAdapterOptions {
  /** Where the node is; ends with a slash. */
  url: string;
  feed: (feed: Feed) => void;
  fetch: typeof fetch;
  clock: Clock;
  /** Nobody looks: nothing is asked. */
  isHidden: () => boolean;
  /** The token of this tab, and where it is kept. */
  recallToken: () => string | undefined;
  rememberToken: (token: string | undefined) => void;
}

const POLL_MS = 2_000;
const TIMEOUT_MS = 8_000;
/** After a failure, doubling. */
const RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;
const ROOM_LIMIT = 200;
const EVENT_LIMIT = 200;

/** A refusal of the operator API. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Reads the operator API of a node, again and again, with an operator's token where one is needed. It changes nothing. */
export class OperatorAdapter implements ConsoleAdapter {
  readonly #options: OperatorAdapterOptions;
  #token: string | undefined;
  #timer: Timer | undefined;
  #abort: AbortController | undefined;
  #failures = 0;
  #lastEventId: string | undefined;
  #sequence = 0;
  #closed = false;

  constructor(options: OperatorAdapterOptions) {
    this.#options = options;
    this.#token = options.recallToken();
  }

  start(): void {
    this.#options.feed({ kind: 'connection', connection: { phase: 'connecting' } });
    void this.#poll();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#abort?.abort();
  }

  useToken(token: string): void {
    this.#token = token;
    this.#options.feed({ kind: 'connection', connection: { phase: 'connecting' } });
    void this.#poll();
  }

  async pipes(roomId: string): Promise<ConsolePipe[]> {
    const abort = new AbortController();
    const deadline = this.#options.clock.setTimer(TIMEOUT_MS, () => abort.abort());
    try {
      const path = `v1/rooms/${encodeURIComponent(roomId)}`;
      return pipesFromOperatorApi(await this.#get<OperatorRoomDetail>(path, abort.signal));
    } finally {
      deadline.cancel();
    }
  }

  async control(): Promise<void> {
    throw new Error('this console only shows; act with the operator API');
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    this.#timer?.cancel();
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    let delayMs = POLL_MS;
    if (!this.#options.isHidden()) {
      const deadline = this.#options.clock.setTimer(TIMEOUT_MS, () => abort.abort());
      try {
        await this.#read(abort.signal);
        this.#failures = 0;
      } catch (error) {
        if (this.#closed || this.#abort !== abort) return;
        const retryMs = this.#tellFailure(error);
        // Nothing is asked until there is another token.
        if (retryMs === undefined) return;
        delayMs = retryMs;
      } finally {
        deadline.cancel();
      }
    }
    if (!this.#closed && this.#abort === abort) {
      this.#timer = this.#options.clock.setTimer(delayMs, () => void this.#poll());
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { feed, clock } = this.#options;
    const after = this.#lastEventId === undefined ? '' : `&afterId=${encodeURIComponent(this.#lastEventId)}`;
    const [{ nodes }, { rooms, cursor }, { events }] = await Promise.all([
      this.#get<{ nodes: OperatorNode[] }>('v1/nodes', signal),
      this.#get<{ rooms: OperatorRoom[]; cursor?: string }>(`v1/rooms?limit=${ROOM_LIMIT}`, signal),
      this.#get<{ events: OperatorEvent[] }>(`v1/events?limit=${EVENT_LIMIT}${after}`, signal),
    ]);
    if (this.#closed || signal.aborted) return;
    this.#options.rememberToken(this.#token);
    feed({ kind: 'connection', connection: { phase: 'live' } });
    const list = rooms.slice(0, ROOM_LIMIT);
    const moreRooms = cursor !== undefined || rooms.length > ROOM_LIMIT;
    feed({
      kind: 'state',
      state: stateFromOperatorApi({ nowMs: clock.nowMs(), nodes, rooms: list, moreRooms }),
    });
    this.#lastEventId = events.at(-1)?.id ?? this.#lastEventId;
    const entries = events.map((event) => describeOperatorEvent(event, (this.#sequence += 1)));
    if (entries.length > 0) feed({ kind: 'entries', entries });
  }

  /** How long to wait, milliseconds; undefined when a token is needed first. */
  #tellFailure(error: unknown): number | undefined {
    const { feed, clock, rememberToken } = this.#options;
    if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
      const hadToken = this.#token !== undefined;
      this.#token = undefined;
      rememberToken(undefined);
      const problem = hadToken || error.status === 403 ? error.message : undefined;
      feed({ kind: 'connection', connection: { phase: 'token', problem } });
      return undefined;
    }
    const retryMs = Math.min(RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS);
    this.#failures += 1;
    const message = error instanceof Refusal ? error.message : 'the fleet does not answer';
    feed({
      kind: 'connection',
      connection: { phase: 'lost', message, retryAtMs: clock.nowMs() + retryMs },
    });
    return retryMs;
  }

  async #get<T>(path: string, signal: AbortSignal): Promise<T> {
    const response = await this.#options.fetch(`${this.#options.url}${path}`, {
      headers: this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` },
      cache: 'no-store',
      signal,
    });
    if (response.ok) return (await response.json()) as T;
    const refusal = (await response.json().catch(() => ({}))) as { message?: string };
    throw new Refusal(response.status, refusal.message ?? `the node answered ${response.status}`);
  }
}
