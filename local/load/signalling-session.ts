import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../core/clock';
import { EXTENSION_METHODS } from '../../core/protocol/fleet-extensions';
import { protooMessageSchema, type ProtooMessage, type ProtooResponse } from '../../core/protocol/protoo';
import { PeerError } from './peer-error';

export interface SignallingHandlers {
  /** Answers a request of the server; what it throws is sent back as an error. */
  onRequest(method: string, data: unknown): Promise<unknown>;
  onNotification(method: string, data: unknown): void;
}

export interface SignallingSessionOptions extends SignallingHandlers {
  clock: Clock;
  /** @default 15,000 ms, as the SDK */
  requestTimeoutMs?: number;
}

interface Pending {
  resolve: (data: unknown) => void;
  reject: (error: PeerError) => void;
  timer: Timer;
}

const REQUEST_TIMEOUT_MS = 15_000;
/** Messages are acknowledged together. The server wants it within 2 s. */
const ACKNOWLEDGE_AFTER_MS = 500;
/** Answers kept to be sent again on a resume; together well within the burst that a gateway takes. */
const MAX_KEPT_ANSWERS = 200;

/**
 * A peer's conversation with its session on the media node, which outlives WebSockets: answers that may not have
 * arrived are sent again over the next one, and messages of the server that come twice are dropped by their `seq`.
 */
export class SignallingSession {
  /** `seq` of the last message of the server that was processed. */
  lastSeq = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly answers: string[] = [];
  private socket: WebSocket | undefined;
  private acknowledgeTimer: Timer | undefined;
  private nextId = 1;

  constructor(private readonly options: SignallingSessionOptions) {}

  /** Goes on over `socket`, which must be open. */
  attach(socket: WebSocket): void {
    this.socket = socket;
    for (const answer of this.answers) socket.send(answer);
    if (this.lastSeq > 0) this.scheduleAcknowledge();
  }

  /** The WebSocket is gone: what waits for an answer fails with `error`. */
  detach(error: PeerError): void {
    this.socket = undefined;
    this.acknowledgeTimer?.cancel();
    this.acknowledgeTimer = undefined;
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const { timer, reject } of waiting) {
      timer.cancel();
      reject(error);
    }
  }

  /** @throws PeerError of the server, TIMEOUT, CONNECTION_LOST */
  request(method: string, data: unknown = {}): Promise<unknown> {
    const { clock, requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.options;
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      if (!this.send({ request: true, id, method, data })) return reject(PeerError.lost('not connected'));
      const timer = clock.setTimer(requestTimeoutMs, () => {
        this.pending.delete(id);
        reject(
          new PeerError('TIMEOUT', `no answer to ${method} in ${requestTimeoutMs} ms`, { retriable: true }),
        );
      });
      this.pending.set(id, { resolve, reject, timer });
    });
  }

  /** Takes a frame of the attached WebSocket. Gives the message, unless it came before. */
  receive(frame: Buffer): ProtooMessage | undefined {
    const message = protooMessageSchema.parse(JSON.parse(frame.toString()));
    if (message.seq !== undefined) {
      if (message.seq <= this.lastSeq) return undefined;
      this.lastSeq = message.seq;
      this.scheduleAcknowledge();
    }
    if ('response' in message) this.settle(message);
    else if ('request' in message) void this.answer(message.id, message.method, message.data);
    else this.options.onNotification(message.method, message.data);
    return message;
  }

  /** False when no open WebSocket is attached. */
  send(message: unknown): boolean {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  private settle(message: ProtooResponse): void {
    const waiting = this.pending.get(message.id);
    if (!waiting) return;
    this.pending.delete(message.id);
    waiting.timer.cancel();
    if (message.ok) waiting.resolve(message.data);
    else waiting.reject(PeerError.ofResponse(message.errorCode, message.errorReason));
  }

  private async answer(id: number, method: string, data: unknown): Promise<void> {
    const message = await this.options.onRequest(method, data).then(
      (result) => ({ response: true, id, ok: true, data: result ?? {} }),
      (error: unknown) => ({ response: true, id, ok: false, errorCode: 500, errorReason: String(error) }),
    );
    this.answers.push(JSON.stringify(message));
    if (this.answers.length > MAX_KEPT_ANSWERS) this.answers.shift();
    this.send(message);
  }

  private scheduleAcknowledge(): void {
    this.acknowledgeTimer ??= this.options.clock.setTimer(ACKNOWLEDGE_AFTER_MS, () => {
      this.acknowledgeTimer = undefined;
      const data = { seq: this.lastSeq };
      this.send({ notification: true, method: EXTENSION_METHODS.acknowledge, data });
    });
  }
}
