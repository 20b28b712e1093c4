import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { ProtooMessage, ProtooRequest, ProtooResponse } from '../../core/protocol/protoo';
import { sessionCloseFor } from '../../core/session/close-code';
import { ReplayBuffer } from '../../core/session/replay-buffer';
import { RequestLedger } from '../../core/session/request-ledger';
import type {
  PeerGrants,
  SessionDownlink,
  SessionMigration as SessionMigrationGrant,
} from '../../core/session/session-port';
import type { PeerRole } from '../../core/capacity/egress-model';
import type { PeerChannel, SignalledPeer } from '../media/media-port';
import type { SessionLimits } from './session-limits';
import { SessionMigration, type MigrationOutcome, type SessionMigrationOptions } from './session-migration';

export interface SessionOptions {
  id: string;
  roomId: string;
  peerId: string;
  resumeToken: string;
  /** The client acknowledges and may come back; else it has left as soon as its connection is gone. */
  resumable: boolean;
  /** The client understands that it should migrate. */
  migratable: boolean;
  /** It migrates to here: until it has taken over nobody waits for it. */
  arriving: boolean;
  grants: PeerGrants;
  role: PeerRole;
  downlink: SessionDownlink;
  limits: SessionLimits;
  clock: Clock;
  logger: Logger;
  onClosed: (session: Session) => void;
}

interface PendingServerRequest {
  method: string;
  resolve: (data: unknown) => void;
  reject: (error: FleetError) => void;
  timer: Timer | undefined;
}

/**
 * One peer's signalling on its media node. It outlives the connection that carries it: messages to the client
 * are numbered and kept until acknowledged, its requests are executed once, and a time of grace passes before
 * a lost client has left.
 */
export class Session implements PeerChannel {
  readonly id: string;
  readonly roomId: string;
  readonly peerId: string;
  readonly resumeToken: string;
  readonly resumable: boolean;
  private readonly replay: ReplayBuffer;
  private readonly ledger: RequestLedger;
  private readonly serverRequests = new Map<number, PendingServerRequest>();
  private nextServerRequestId = 1;
  private peer: SignalledPeer | undefined;
  private downlink: SessionDownlink | undefined;
  /** Rises with each attachment, so that a gateway that was superseded can't act any more. */
  private attachmentNumber = 1;
  /** Whether a client is believed to read what is delivered. */
  private attached = true;
  private graceTimer: Timer | undefined;
  private closedWith: FleetError | undefined;
  private arriving: boolean;
  private readonly migration: SessionMigration;

  constructor(private readonly options: SessionOptions) {
    this.id = options.id;
    this.roomId = options.roomId;
    this.peerId = options.peerId;
    this.resumeToken = options.resumeToken;
    this.resumable = options.resumable;
    this.downlink = options.downlink;
    this.arriving = options.arriving;
    this.migration = new SessionMigration(options.clock);
    this.replay = new ReplayBuffer(options.limits.replay);
    // A client that can't resume never sends a request twice, and its random ids may meet again.
    this.ledger = new RequestLedger({
      ...options.limits.ledger,
      ...(options.resumable ? {} : { maxAnswered: 0 }),
    });
  }

  get closed(): boolean {
    return this.closedWith !== undefined;
  }

  get closeError(): FleetError | undefined {
    return this.closedWith;
  }

  /** Its client's connection, or the way to it, is lost. */
  get isAway(): boolean {
    return !this.attached;
  }

  get attachment(): number {
    return this.attachmentNumber;
  }

  /** Its client could be asked to migrate now. */
  get canMigrate(): boolean {
    return this.options.migratable && this.resumable && this.attached && !this.arriving && !this.closed;
  }

  /** Its client goes on by a session on another node; what is left of this one ends soon, or has ended. */
  get hasMigrated(): boolean {
    return this.migration.isSucceeded;
  }

  /** Asks its client to go on by a session on another node. */
  migrate(options: SessionMigrationOptions): Promise<MigrationOutcome> {
    if (!this.canMigrate && !this.closed) return Promise.resolve('failed');
    return this.migration.begin(options, (method, data) => this.notify(method, data));
  }

  /** See SessionMigration. */
  restFromMigration(restMs: number): Promise<MigrationOutcome> {
    return this.migration.rest(restMs);
  }

  /** For who proves to be its client. @throws FleetError FLEET_ERR_SESSION_GONE unless it was asked to migrate */
  describeMigration(): SessionMigrationGrant {
    const { asked } = this.migration;
    if (asked === undefined) {
      throw new FleetError('FLEET_ERR_SESSION_GONE', { message: 'the session was not asked to migrate' });
    }
    const { grants, role } = this.options;
    return { grants, role, toNodeId: asked.toNodeId };
  }

  migrationFailed(): void {
    this.migration.failed();
  }

  succeeded(): void {
    this.migration.succeeded();
  }

  tookOver(): void {
    this.arriving = false;
  }

  /** Hands the session its peer once the media side has opened it. */
  setPeer(peer: SignalledPeer): void {
    if (this.closedWith) peer.close(this.closedWith);
    else this.peer = peer;
  }

  // What the client sends, through its gateway.

  receive(message: ProtooMessage): void {
    if (this.closedWith) return;
    if ('request' in message) this.receiveRequest(message);
    else if ('response' in message) this.receiveResponse(message);
    else this.peer?.handleNotification(message.method, message.data);
  }

  acknowledge(seq: number): void {
    this.replay.acknowledge(seq);
  }

  /**
   * Moves the session to another pipe and sends what is missing there, in order. When only the link of the same
   * gateway is new (`relinked`), `lastSeq` is what the gateway has; what its client has is not known by it.
   * @throws FleetError FLEET_ERR_SESSION_GONE when a message it misses is no longer kept
   */
  attach(downlink: SessionDownlink, lastSeq: number, { relinked }: { relinked: boolean }): void {
    const missed = this.replay.after(lastSeq);
    if (this.closedWith || !missed) {
      throw new FleetError('FLEET_ERR_SESSION_GONE', {
        message: this.closedWith
          ? 'the session has ended'
          : 'messages that the client misses are no longer kept',
      });
    }
    const superseded = this.downlink;
    this.attachmentNumber += 1;
    this.downlink = downlink;
    this.attached = true;
    this.graceTimer?.cancel();
    this.graceTimer = undefined;
    if (!relinked) this.acknowledge(lastSeq);
    superseded?.closed(
      sessionCloseFor(
        new FleetError('FLEET_ERR_PEER_REPLACED', { message: 'resumed on another connection' }),
      ),
    );
    for (const [id, pending] of this.serverRequests) this.armTimeout(id, pending);
    for (const { seq, message } of missed) downlink.deliver(seq, message);
  }

  /** The client's connection is lost: it may come back within the time of grace. */
  detach(): void {
    this.downlink = undefined;
    if (this.resumable && !this.arriving) this.beginGrace();
    else this.close(new FleetError('FLEET_ERR_SESSION_GONE', { message: 'the connection was lost' }));
  }

  /** The way to the gateway is broken, the client may still be there: every client gets the grace. */
  suspend(): void {
    this.beginGrace();
  }

  /** The client has left. */
  leave(): void {
    this.downlink = undefined;
    // Without a reason: that is how the media side knows a departure from a loss.
    this.peer?.close();
    this.close(new FleetError('FLEET_ERR_SESSION_GONE', { message: 'the client has left' }));
  }

  // What the media side says to the client (PeerChannel).

  notify(method: string, data?: unknown): void {
    this.deliver({ notification: true, method, data });
  }

  request(method: string, data?: unknown): Promise<unknown> {
    if (this.closedWith) return Promise.reject(this.closedWith);
    if (this.serverRequests.size >= this.options.limits.maxPendingServerRequests) {
      return Promise.reject(
        new FleetError('FLEET_ERR_LIMIT_EXCEEDED', { message: 'too many requests wait for this client' }),
      );
    }
    const id = this.nextServerRequestId++;
    return new Promise((resolve, reject) => {
      const pending: PendingServerRequest = { method, resolve, reject, timer: undefined };
      this.serverRequests.set(id, pending);
      if (this.attached) this.armTimeout(id, pending);
      this.deliver({ request: true, id, method, data });
    });
  }

  /** Ends the session. Idempotent. */
  close(error: FleetError): void {
    if (this.closedWith) return;
    this.closedWith = error;
    this.migration.gone();
    this.graceTimer?.cancel();
    for (const pending of this.serverRequests.values()) {
      pending.timer?.cancel();
      pending.reject(error);
    }
    this.serverRequests.clear();
    const downlink = this.downlink;
    this.downlink = undefined;
    this.options.onClosed(this);
    this.peer?.close(error);
    downlink?.closed(sessionCloseFor(error));
  }

  private deliver(message: ProtooMessage): void {
    if (this.closedWith) return;
    const seq = this.replay.append(message);
    this.downlink?.deliver(seq, message);
  }

  private receiveRequest(request: ProtooRequest): void {
    switch (this.ledger.begin(request.id, request.method)) {
      case 'pending':
      case 'answered':
        return;
      case 'too-many':
        this.deliver(
          errorResponse(
            request.id,
            new FleetError('FLEET_ERR_RATE_LIMITED', { message: 'too many requests wait for an answer' }),
          ),
        );
        return;
      case 'execute':
        void this.execute(request);
        return;
    }
  }

  /** Never rejects: every outcome is an answer to the client. */
  private async execute(request: ProtooRequest): Promise<void> {
    let response: ProtooResponse;
    try {
      if (!this.peer) throw new FleetError('FLEET_ERR_NOT_JOINED');
      const data = await this.peer.handleRequest(request.method, request.data);
      response = { response: true, id: request.id, ok: true, data: data ?? {} };
    } catch (error) {
      const fleetError = FleetError.from(error);
      const { id: sessionId, roomId, peerId } = this;
      const context = { sessionId, roomId, peerId, method: request.method, code: fleetError.code };
      if (fleetError.code === 'FLEET_ERR_INTERNAL') {
        this.options.logger.error({ ...context, err: error }, 'request failed');
      } else {
        this.options.logger.debug({ ...context, reason: fleetError.message }, 'request refused');
      }
      response = errorResponse(request.id, fleetError);
    }
    if (this.closedWith) return;
    this.ledger.finish(response.id);
    this.deliver(response);
  }

  private receiveResponse(response: ProtooResponse): void {
    const pending = this.serverRequests.get(response.id);
    if (!pending) return;
    this.serverRequests.delete(response.id);
    pending.timer?.cancel();
    if (response.ok) pending.resolve(response.data);
    else {
      pending.reject(
        new FleetError('FLEET_ERR_BAD_MESSAGE', {
          message: `the client refused ${pending.method}: ${response.errorReason.slice(0, 200)}`,
        }),
      );
    }
  }

  private armTimeout(id: number, pending: PendingServerRequest): void {
    pending.timer?.cancel();
    pending.timer = this.options.clock.setTimer(this.options.limits.serverRequestTimeoutMs, () => {
      // A client that is away answers when it is back; its time begins then.
      if (!this.attached) return;
      this.serverRequests.delete(id);
      pending.reject(
        new FleetError('FLEET_ERR_BAD_MESSAGE', { message: `the client did not answer ${pending.method}` }),
      );
    });
  }

  private beginGrace(): void {
    if (this.closedWith) return;
    this.attached = false;
    this.graceTimer ??= this.options.clock.setTimer(this.options.limits.graceMs, () => {
      this.close(
        new FleetError('FLEET_ERR_SESSION_GONE', { message: 'the client did not come back in time' }),
      );
    });
  }
}

function errorResponse(id: number, error: FleetError): ProtooResponse {
  return {
    response: true,
    id,
    ok: false,
    errorCode: error.status,
    errorReason: `${error.code}: ${error.message}`.slice(0, 2_000),
  };
}
