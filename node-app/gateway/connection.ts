import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../core/clock';
import { ERRORS, FleetError, type SerializedFleetError } from '../../core/errors';
import {
  acknowledgeSchema,
  CLIENT_CLOSE_CODES,
  EXTENSION_METHODS,
  type ConnectionRefused,
  type GatewayClosing,
  type RoomPlacementChanged,
  type SessionOpened,
} from '../../core/protocol/fleet-extensions';
import { CLOSE_CODES, type ProtooMessage } from '../../core/protocol/protoo';
import { closeCodeFor } from '../../core/session/close-code';
import type { SessionClose, SessionDownlink, SessionUplink } from '../../core/session/session-port';
import { InboundGuard, type InboundLimits } from './inbound-guard';
import type { Joined } from './joiner';

/** Time for the client's answer to a close, milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;
/** Bytes that may wait for a client that does not read. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
/** Messages that may wait while the session is being opened. */
const MAX_EARLY_MESSAGES = 64;
/** Time for a client to say `reopenSession`, beyond the one at which it should, milliseconds. */
const REOPEN_PATIENCE_MS = 5_000;
/** A client that comes back at once after every close is held for a time; never for longer than this. */
const MAX_HELD_MS = 30_000;

/** RFC 6455: what an endpoint sees when the connection ended without a close frame. */
const ABNORMAL_CLOSURE = 1006;

export interface ConnectionOptions {
  socket: WebSocket;
  roomId: string;
  peerId: string;
  /** The client acknowledges, and understands our notifications. */
  resumable: boolean;
  /** It resumes an earlier session. */
  resuming: boolean;
  /** It can open another session on this connection, by `open`. */
  reopens: boolean;
  gatewayNodeId: string;
  /** Authenticates, places and opens (or resumes). */
  open: (downlink: SessionDownlink, isGone: () => boolean) => Promise<Joined>;
  /** What is being opened, until it is or the client was told why it isn't. Never rejects. */
  onOpening: (opening: Promise<void>) => void;
  /** When this client should come again after it lost its room, milliseconds from now. */
  nextReturnMs: () => number;
  /** When it should resume its session elsewhere, milliseconds from now. */
  nextResumeMs: (graceMs: number) => number;
  limits: InboundLimits;
  /** A half-open socket is noticed after at most two of these, milliseconds. */
  pingIntervalMs: number;
  clock: Clock;
  logger: Logger;
  onClosed: (connection: Connection) => void;
}

/** One client's WebSocket: checks what comes in, bounds what goes out, and pipes both to the session. */
export class Connection implements SessionDownlink {
  private readonly guard: InboundGuard;
  private readonly pinger: Timer;
  private readonly earlyInbound: ProtooMessage[] = [];
  private readonly earlyDeliveries: { seq: number; message: ProtooMessage }[] = [];
  private earlyClose: SessionClose | undefined;
  private joined: Joined | undefined;
  /** `ended`: the session did, and the client may open another one here. */
  private phase: 'opening' | 'open' | 'ended' | 'closing' | 'closed' = 'opening';
  private answeredPing = true;
  private closeTimer: Timer | undefined;

  constructor(private readonly options: ConnectionOptions) {
    const { socket, clock } = options;
    this.guard = new InboundGuard(options.limits, clock);
    this.pinger = clock.setRepeating(options.pingIntervalMs, () => this.ping());
    socket.on('message', (data: Buffer, isBinary) => this.receiveSafely(data, isBinary));
    socket.on('pong', () => (this.answeredPing = true));
    socket.on('close', (code) => this.socketClosed(code));
    // 'close' follows; a client that breaks the protocol is no event for operators.
    socket.on('error', (error) => this.log('debug', 'socket error', { reason: error.message }));
  }

  start(): void {
    this.options.onOpening(this.openSession());
  }

  private async openSession(): Promise<void> {
    try {
      const joined = await this.options.open(this, () => this.phase !== 'opening');
      if (this.phase !== 'opening') {
        this.letGo(joined, this.options.resuming ? 'detach' : 'leave');
        return;
      }
      this.begin(joined);
    } catch (error) {
      if (this.phase === 'opening') this.refuse(FleetError.from(error));
    }
  }

  // SessionDownlink: from the media node.

  deliver(seq: number, message: ProtooMessage): void {
    if (this.phase === 'opening') this.earlyDeliveries.push({ seq, message });
    else if (this.phase === 'open') this.pass(seq, message);
  }

  closed(close: SessionClose): void {
    if (this.phase === 'opening') {
      this.earlyClose = close;
      return;
    }
    if (this.phase !== 'open') return;
    this.dropSession();
    this.tellEnd(close);
  }

  /** Tells the client why it may not enter or stay, and closes. */
  refuse(error: FleetError): void {
    if (this.phase === 'closing' || this.phase === 'closed') return;
    this.log('info', 'connection refused', { code: error.code, reason: error.message });
    this.abandonSession('leave');
    const told = error.toJSON();
    // Whoever was on a node that is gone joins again as those do whose connection was not lost with it.
    if (this.options.resuming && error.code === 'FLEET_ERR_SESSION_GONE') {
      told.retryAfterMs = this.options.nextReturnMs();
    }
    this.sayRefused(told);
    this.closeAfterHold(closeCodeFor(error.toJSON()), error.code, error.retryAfterMs);
  }

  /** Its client can go on through another gateway, and its media, on another node, does not notice. */
  get canResumeElsewhere(): boolean {
    const { resumable, gatewayNodeId } = this.options;
    return this.phase === 'open' && resumable && this.joined?.mediaNodeId !== gatewayNodeId;
  }

  /** Has the client go on through another gateway at once, when it can. */
  resumeElsewhere(): void {
    if (this.canResumeElsewhere) this.gatewayClosing(0);
  }

  /**
   * This gateway stops. Sessions that are elsewhere can be resumed through another gateway.
   * @param retryAfterMs when to do so @default some time at which not all do
   */
  gatewayClosing(retryAfterMs?: number): void {
    if (this.phase === 'opening') {
      this.refuse(new FleetError('FLEET_ERR_SHUTTING_DOWN'));
    } else if (this.phase === 'open') {
      if (this.options.resumable) {
        this.notify(EXTENSION_METHODS.gatewayClosing, {
          retryAfterMs: retryAfterMs ?? this.options.nextResumeMs(this.uplink?.graceMs ?? 0),
        } satisfies GatewayClosing);
      }
      this.abandonSession('detach');
    }
    // Also one that was only held: nothing outlives its gateway.
    this.close(CLOSE_CODES.moved, 'gateway stops');
  }

  /** Ends the socket without ceremony. */
  terminate(): void {
    this.options.socket.terminate();
  }

  private begin(joined: Joined): void {
    this.phase = 'open';
    this.joined = joined;
    const { uplink, mediaNodeId, grants } = joined;
    const { resumable, resuming, gatewayNodeId } = this.options;
    this.log('info', resuming ? 'client resumed' : 'client connected', {
      sessionId: uplink.sessionId,
      mediaNodeId,
    });
    if (resumable) {
      this.notify(EXTENSION_METHODS.sessionOpened, {
        sessionId: uplink.sessionId,
        resumeToken: uplink.resumeToken,
        graceMs: uplink.graceMs,
        resumed: resuming,
        gatewayNodeId,
        mediaNodeId,
        answersPings: true,
        grants,
      } satisfies SessionOpened);
    }
    for (const { seq, message } of this.earlyDeliveries.splice(0)) this.pass(seq, message);
    const { earlyClose } = this;
    this.earlyClose = undefined;
    if (earlyClose) this.closed(earlyClose);
    for (const message of this.earlyInbound.splice(0)) this.forward(message);
  }

  // Towards the client.

  private pass(seq: number, message: ProtooMessage): void {
    if ('request' in message) this.guard.expectResponse();
    if (this.options.resumable) {
      this.write({ ...message, seq });
      return;
    }
    // This client does not acknowledge: what its socket has taken counts as received.
    this.write(message, () => this.uplink?.acknowledge(seq));
  }

  private notify(method: string, data: unknown): void {
    this.write({ notification: true, method, data });
  }

  private write(message: ProtooMessage, written?: () => void): void {
    const { socket } = this.options;
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify(message), (error) => {
      if (!error) written?.();
    });
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) {
      this.log('warn', 'client does not read');
      this.abandonSession('detach');
      socket.terminate();
    }
  }

  private sayRefused(error: SerializedFleetError): void {
    this.notify(EXTENSION_METHODS.connectionRefused, {
      code: error.code,
      message: error.message,
      retriable: ERRORS[error.code].retriable,
      retryAfterMs: error.retryAfterMs,
    } satisfies ConnectionRefused);
  }

  /** The session ended by itself: what the client hears depends on whether it should come again. */
  private tellEnd({ closeCode, error }: SessionClose): void {
    const reason = placementReasonOf(error.code);
    this.log('info', 'session ended', { code: error.code, reason: error.message });
    if (!reason) {
      this.sayRefused(error);
      this.closeAfterHold(closeCode, error.code, error.retryAfterMs);
      return;
    }
    const retryAfterMs = error.retryAfterMs ?? this.options.nextReturnMs();
    // Of a planned move this gateway may be a part.
    if (this.options.reopens && reason !== 'moved') {
      this.notifyMoved({ reason, retryAfterMs, reopen: true });
      this.awaitReopen(retryAfterMs + REOPEN_PATIENCE_MS, error.code);
      return;
    }
    this.notifyMoved({ reason, retryAfterMs });
    this.closeAfterHold(CLOSE_CODES.moved, error.code, retryAfterMs);
  }

  private awaitReopen(timeoutMs: number, reason: string): void {
    this.phase = 'ended';
    this.guard.expectNoResponses();
    this.closeTimer = this.options.clock.setTimer(timeoutMs, () => this.close(CLOSE_CODES.moved, reason));
  }

  private reopen(): void {
    this.closeTimer?.cancel();
    this.phase = 'opening';
    this.start();
  }

  private notifyMoved(change: RoomPlacementChanged): void {
    if (this.options.resumable) this.notify(EXTENSION_METHODS.roomPlacementChanged, change);
  }

  /**
   * Our SDK waits `retryAfterMs` by itself. An old client comes back at once after any close but 4000, so its
   * connection is what waits.
   */
  private closeAfterHold(code: number, reason: string, retryAfterMs: number | undefined): void {
    this.phase = 'closing';
    const holdMs = Math.min(retryAfterMs ?? 0, MAX_HELD_MS);
    if (this.options.resumable || code === CLOSE_CODES.final || holdMs === 0) {
      this.close(code, reason);
      return;
    }
    this.closeTimer = this.options.clock.setTimer(holdMs, () => this.close(code, reason));
  }

  private close(code: number, reason: string): void {
    if (this.phase === 'closed') return;
    this.phase = 'closing';
    this.closeTimer?.cancel();
    this.options.socket.close(code, reason);
    this.closeTimer = this.options.clock.setTimer(CLOSE_TIMEOUT_MS, () => this.options.socket.terminate());
  }

  private ping(): void {
    if (!this.answeredPing) {
      this.log('info', 'client is silent');
      this.options.socket.terminate();
      return;
    }
    this.answeredPing = false;
    if (this.options.socket.readyState === WebSocket.OPEN) this.options.socket.ping();
  }

  // From the client.

  /** Whatever one client sends, the others' connections stay: an exception here would end the process. */
  private receiveSafely(data: Buffer, isBinary: boolean): void {
    try {
      this.receive(data, isBinary);
    } catch (error) {
      const { roomId, peerId, logger } = this.options;
      logger.error({ err: error, roomId, peerId }, 'a message could not be handled');
      this.refuse(FleetError.from(error));
    }
  }

  private receive(data: Buffer, isBinary: boolean): void {
    if (this.phase === 'closing' || this.phase === 'closed') return;
    const verdict = this.guard.check(data, isBinary);
    switch (verdict.kind) {
      case 'message':
        if (this.answersPing(verdict.message)) return;
        if (this.phase === 'ended') this.receiveBetween(verdict.message);
        else if (this.phase === 'open') this.forward(verdict.message);
        else if (this.earlyInbound.length < MAX_EARLY_MESSAGES) this.earlyInbound.push(verdict.message);
        else this.refuse(new FleetError('FLEET_ERR_RATE_LIMITED'));
        return;
      case 'answer':
        this.write(verdict.message);
        return;
      case 'drop':
        return;
      case 'close':
        this.refuse(verdict.error);
        return;
    }
  }

  /** What comes before the client has said that it is of a new session was meant for the one that has ended. */
  private receiveBetween(message: ProtooMessage): void {
    if ('notification' in message && message.method === EXTENSION_METHODS.reopenSession) this.reopen();
  }

  /** Whether this gateway lives is not for the media node to say. */
  private answersPing(message: ProtooMessage): boolean {
    const { resumable } = this.options;
    const isPing = resumable && 'notification' in message && message.method === EXTENSION_METHODS.ping;
    if (isPing) this.notify(EXTENSION_METHODS.pong, {});
    return isPing;
  }

  private forward(message: ProtooMessage): void {
    if (!('notification' in message) || message.method !== EXTENSION_METHODS.acknowledge) {
      this.uplink?.send(message);
      return;
    }
    const acknowledged = acknowledgeSchema.safeParse(message.data);
    if (acknowledged.success && this.options.resumable) this.uplink?.acknowledge(acknowledged.data.seq);
  }

  private socketClosed(code: number): void {
    if (this.phase === 'closed') return;
    const lost = code === ABNORMAL_CLOSURE || code === CLIENT_CLOSE_CODES.drop;
    this.abandonSession(lost ? 'detach' : 'leave');
    this.phase = 'closed';
    this.pinger.cancel();
    this.closeTimer?.cancel();
    this.options.onClosed(this);
  }

  // The session.

  private get uplink(): SessionUplink | undefined {
    return this.joined?.uplink;
  }

  private abandonSession(how: 'leave' | 'detach'): void {
    const joined = this.joined;
    this.joined = undefined;
    if (joined) this.letGo(joined, how);
  }

  private dropSession(): void {
    this.joined?.left();
    this.joined = undefined;
  }

  private letGo(joined: Joined, how: 'leave' | 'detach'): void {
    joined.left();
    if (how === 'leave') joined.uplink.leave();
    else joined.uplink.detach();
  }

  private log(level: 'debug' | 'info' | 'warn', message: string, context: object = {}): void {
    const { roomId, peerId, logger } = this.options;
    logger[level]({ roomId, peerId, ...context }, message);
  }
}

/** Why a client is asked to come again, for errors after which the room goes on elsewhere. */
function placementReasonOf(code: SerializedFleetError['code']): RoomPlacementChanged['reason'] | undefined {
  switch (code) {
    case 'FLEET_ERR_NODE_UNREACHABLE':
      return 'node-lost';
    case 'FLEET_ERR_WORKER_DIED':
      return 'worker-died';
    case 'FLEET_ERR_ROOM_MOVED':
    case 'FLEET_ERR_SHUTTING_DOWN':
      return 'moved';
    default:
      return undefined;
  }
}
