import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../core/clock';
import {
  CLIENT_CLOSE_CODES,
  EXTENSION_METHODS,
  sessionOpenedSchema,
  type SessionOpened,
} from '../../core/protocol/fleet-extensions';
import { Keepalive } from '../../core/protocol/keepalive';
import { PROTOO_SUBPROTOCOL, protooMessageSchema } from '../../core/protocol/protoo';
import { PeerError } from './peer-error';

export interface ConnectionOptions {
  /** With its query. */
  url: string;
  clock: Clock;
  /** The server opened or resumed a session; first of all. */
  onOpened: (opened: SessionOpened) => void;
  /** A later frame. What it throws ends the connection. */
  onFrame: (frame: Buffer) => void;
  /** The end that this side did not ask for; last of all, and perhaps the only one. */
  onClosed: (error: PeerError) => void;
}

/** As long as the SDK waits for the server's first word, milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** An answer to a ping, without parsing everything that comes. */
const PONG = `"method":"${EXTENSION_METHODS.pong}"`;
const LONGEST_PONG = 100;
/** A closing handshake that takes longer is cut off, milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** One WebSocket to a gateway, from its opening to its end. */
export class Connection {
  readonly socket: WebSocket;
  /** Monotonic milliseconds at which the WebSocket was open. */
  openedAtMs = 0;
  private handshake: Timer;
  private readonly ended: Promise<void>;
  private keepalive: Keepalive | undefined;
  private opened = false;
  /** Of a session that is being reopened. */
  private onSilent: (() => void) | undefined;
  private over = false;

  constructor(private readonly options: ConnectionOptions) {
    this.socket = new WebSocket(options.url, PROTOO_SUBPROTOCOL);
    this.ended = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.handshake = this.awaitSession();
    this.socket.on('open', () => (this.openedAtMs = options.clock.monotonicMs()));
    this.socket.on('message', (frame: Buffer) => this.receive(frame));
    this.socket.on('error', (error) => this.end(PeerError.from(error)));
    this.socket.on('close', (code, reason) => this.end(PeerError.ofClose(code, reason.toString())));
  }

  /**
   * Opens another session in the place of one that has ended, where the server said `reopen`.
   * @param onSilent in place of `onClosed`, when the server doesn't answer
   */
  reopen(onSilent: () => void): void {
    this.opened = false;
    this.onSilent = onSilent;
    this.openedAtMs = this.options.clock.monotonicMs();
    this.handshake = this.awaitSession();
    this.notify(EXTENSION_METHODS.reopenSession);
    this.keepalive?.checkOrReplace();
  }

  /** Media has stopped: finds out whether this connection lives. */
  check(): void {
    this.keepalive?.check();
  }

  /** `leave`: the peer leaves the room. `drop`: it comes back over another connection. Resolves at its end. */
  async close(why: keyof typeof CLIENT_CLOSE_CODES): Promise<void> {
    this.over = true;
    this.handshake.cancel();
    this.keepalive?.close();
    this.socket.close(CLIENT_CLOSE_CODES[why]);
    const timer = this.options.clock.setTimer(CLOSE_TIMEOUT_MS, () => this.socket.terminate());
    await this.ended;
    timer.cancel();
  }

  private receive(frame: Buffer): void {
    if (this.over) return;
    this.keepalive?.heard({ isAnswer: frame.length < LONGEST_PONG && frame.includes(PONG) });
    try {
      if (this.opened) {
        this.options.onFrame(frame);
        return;
      }
      const message = protooMessageSchema.parse(JSON.parse(frame.toString()));
      if (!('notification' in message)) return;
      if (message.method === EXTENSION_METHODS.connectionRefused) {
        this.end(PeerError.ofRefusal(message.data));
      } else if (message.method === EXTENSION_METHODS.sessionOpened) {
        const opened = sessionOpenedSchema.parse(message.data);
        this.opened = true;
        this.onSilent = undefined;
        this.handshake.cancel();
        if (opened.answersPings) this.keepalive ??= this.watch();
        this.options.onOpened(opened);
      }
    } catch (cause) {
      this.end(new PeerError('PROTOCOL_ERROR', 'the server does not speak this protocol', { cause }));
    }
  }

  private watch(): Keepalive {
    return new Keepalive({
      clock: this.options.clock,
      ping: () => this.notify(EXTENSION_METHODS.ping),
      onLost: () => {
        if (!this.onSilent) return this.end(PeerError.lost('the server does not answer any more'));
        void this.close('drop');
        this.onSilent();
      },
    });
  }

  private awaitSession(): Timer {
    return this.options.clock.setTimer(HANDSHAKE_TIMEOUT_MS, () =>
      this.end(new PeerError('TIMEOUT', 'the server did not open a session', { retriable: true })),
    );
  }

  private notify(method: string): void {
    this.socket.send(JSON.stringify({ notification: true, method }));
  }

  private end(error: PeerError): void {
    if (this.over) return;
    void this.close('drop');
    this.options.onClosed(error);
  }
}
