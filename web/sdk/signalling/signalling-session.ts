import type { EXTENSION_METHODS, Acknowledge } from '../../../core/protocol/fleet-extensions';
import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import type { ProtooMessage, ProtooResponse } from '../../../core/protocol/protoo';
import { FleetClientError } from '../errors';
import { serverError } from './server-error';
import { SOCKET_OPEN, type SocketLike } from './socket';

/** Messages are acknowledged together, this long after the first of them. The server wants it within 2 s. */
const ACKNOWLEDGE_AFTER_MS = 500;
/** Answers kept to be sent again on a resume; together well within the burst that a gateway takes. */
const MAX_KEPT_ANSWERS = 200;

const ACKNOWLEDGE: (typeof EXTENSION_METHODS)['acknowledge'] = 'acknowledge';

export interface SignallingHandlers {
  /** Answers a request of the server; what it throws is sent back as an error. */
  onRequest(method: string, data: unknown): Promise<unknown>;
  onNotification(method: string, data: unknown): void;
}

export interface SignallingSessionOptions extends SignallingHandlers {
  clock: Clock;
  /** Milliseconds that a request may wait for its answer while a socket is attached. */
  requestTimeoutMs: number;
}

interface Outgoing {
  frame: string;
  /** Rises with each frame made, so that a resume sends them again in the order they were made. */
  order: number;
  request?: PendingRequest;
}

interface PendingRequest {
  id: number;
  method: string;
  timeoutMs: number;
  timer: Timer | undefined;
  resolve: (data: unknown) => void;
  reject: (error: FleetClientError) => void;
}

/**
 * The conversation with the peer's session on its media node, which outlives sockets: requests that were not
 * answered, and answers that may not have arrived, are sent again on the next socket; messages of the server
 * that come twice are dropped by their `seq`.
 */
export class SignallingSession {
  readonly #options: SignallingSessionOptions;
  readonly #outbox = new Map<number, Outgoing>();
  readonly #pending = new Map<number, Outgoing>();
  #socket: SocketLike | undefined;
  #lastSeq = 0;
  #acknowledgedSeq = 0;
  #acknowledgeTimer: Timer | undefined;
  #nextId = 1;
  #nextOrder = 1;
  #closedBy: FleetClientError | undefined;

  constructor(options: SignallingSessionOptions) {
    this.#options = options;
  }

  /** `seq` of the last message of the server that was processed, for a resume. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get attached(): boolean {
    return this.#socket !== undefined;
  }

  /** Goes on over `socket`, which must be open: sends everything again that may have been lost. */
  attach(socket: SocketLike): void {
    if (this.#closedBy) return;
    this.#socket = socket;
    for (const outgoing of [...this.#outbox.values()].sort((a, b) => a.order - b.order)) {
      this.#transmit(outgoing);
    }
    if (this.#lastSeq > this.#acknowledgedSeq) this.#scheduleAcknowledge();
  }

  /** The socket is gone; requests wait for the next one. */
  detach(): void {
    this.#socket = undefined;
    this.#acknowledgeTimer?.cancel();
    this.#acknowledgeTimer = undefined;
    for (const { request } of this.#pending.values()) {
      request?.timer?.cancel();
      if (request) request.timer = undefined;
    }
  }

  /** Ends the conversation: everything that still waits rejects with `error`. Idempotent. */
  close(error: FleetClientError): void {
    if (this.#closedBy) return;
    this.#closedBy = error;
    const pending = [...this.#pending.values()];
    this.detach();
    this.#pending.clear();
    this.#outbox.clear();
    for (const { request } of pending) request?.reject(error);
  }

  /**
   * Sends a request and gives its answer's data. Waits for the next socket while there is none.
   * @throws FleetClientError of the server, TIMEOUT, or the reason for which the session was closed
   */
  request(method: string, data?: unknown, options: { timeoutMs?: number } = {}): Promise<unknown> {
    if (this.#closedBy) return Promise.reject(this.#closedBy);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const outgoing: Outgoing = {
        frame: JSON.stringify({ request: true, id, method, data: data ?? {} }),
        order: this.#nextOrder++,
        request: {
          id,
          method,
          timeoutMs: options.timeoutMs ?? this.#options.requestTimeoutMs,
          timer: undefined,
          resolve,
          reject,
        },
      };
      this.#pending.set(id, outgoing);
      this.#outbox.set(outgoing.order, outgoing);
      this.#transmit(outgoing);
    });
  }

  /** Takes a message of the attached socket. */
  receive(message: ProtooMessage): void {
    if (this.#closedBy) return;
    if (message.seq !== undefined) {
      if (message.seq <= this.#lastSeq) return;
      this.#lastSeq = message.seq;
      this.#scheduleAcknowledge();
    }
    if ('response' in message) this.#settle(message);
    else if ('request' in message) void this.#answer(message.id, message.method, message.data);
    else this.#options.onNotification(message.method, message.data);
  }

  #settle(message: ProtooResponse): void {
    const outgoing = this.#pending.get(message.id);
    if (!outgoing?.request) return;
    this.#pending.delete(message.id);
    this.#outbox.delete(outgoing.order);
    outgoing.request.timer?.cancel();
    // Frames arrive in order: whatever was sent before this request has arrived too.
    for (const [order, earlier] of this.#outbox) {
      if (order < outgoing.order && !earlier.request) this.#outbox.delete(order);
    }
    if (message.ok) outgoing.request.resolve(message.data);
    else outgoing.request.reject(serverError(message.errorCode, message.errorReason));
  }

  async #answer(id: number, method: string, data: unknown): Promise<void> {
    let answer: ProtooResponse;
    try {
      answer = { response: true, id, ok: true, data: (await this.#options.onRequest(method, data)) ?? {} };
    } catch (error) {
      const { code, message } = FleetClientError.from(error);
      answer = {
        response: true,
        id,
        ok: false,
        errorCode: 500,
        errorReason: `${code}: ${message}`.slice(0, 500),
      };
    }
    if (this.#closedBy) return;
    const outgoing = { frame: JSON.stringify(answer), order: this.#nextOrder++ };
    this.#outbox.set(outgoing.order, outgoing);
    this.#dropOldAnswers();
    this.#transmit(outgoing);
  }

  #dropOldAnswers(): void {
    let surplus = this.#outbox.size - this.#pending.size - MAX_KEPT_ANSWERS;
    for (const [order, { request }] of this.#outbox) {
      if (surplus <= 0) return;
      if (request) continue;
      this.#outbox.delete(order);
      surplus -= 1;
    }
  }

  #transmit({ frame, request }: Outgoing): void {
    if (this.#socket?.readyState !== SOCKET_OPEN) return;
    if (request) {
      request.timer?.cancel();
      request.timer = this.#options.clock.setTimer(request.timeoutMs, () => this.#timeOut(request));
    }
    this.#socket.send(frame);
  }

  #timeOut(request: PendingRequest): void {
    const outgoing = this.#pending.get(request.id);
    if (!outgoing) return;
    this.#pending.delete(request.id);
    this.#outbox.delete(outgoing.order);
    request.reject(
      new FleetClientError(
        'TIMEOUT',
        `the server did not answer ${request.method} in ${request.timeoutMs} ms`,
        {
          retriable: true,
        },
      ),
    );
  }

  #scheduleAcknowledge(): void {
    if (this.#acknowledgeTimer || !this.#socket) return;
    this.#acknowledgeTimer = this.#options.clock.setTimer(ACKNOWLEDGE_AFTER_MS, () => {
      this.#acknowledgeTimer = undefined;
      if (this.#socket?.readyState !== SOCKET_OPEN) return;
      const data: Acknowledge = { seq: this.#lastSeq };
      this.#acknowledgedSeq = this.#lastSeq;
      this.#socket.send(JSON.stringify({ notification: true, method: ACKNOWLEDGE, data }));
    });
  }
}
