import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type {
  SessionDownlink,
  SessionHost,
  SessionMigrateRequest,
  SessionMigration,
  SessionOpenRequest,
  SessionResumeRequest,
  SessionUplink,
} from '../../core/session/session-port';
import { FailingJoins } from './failing-joins';
import type { MediaPort } from '../media/media-port';
import { createResumeToken, sameResumeToken } from './resume-token';
import { Session } from './session';
import type { SessionLimits } from './session-limits';

/** An uplink of a session on this node. */
export interface LocalSessionUplink extends SessionUplink {
  /** The link to the gateway is broken; the client behind it may not have noticed. Grace for every client. */
  suspend(): void;
}

/** A session whose client may have to go on by one on another node. */
export type MovableSession = Pick<Session, 'canMigrate' | 'hasMigrated' | 'migrate' | 'restFromMigration'>;

export interface LocalSessionHostOptions {
  nodeId: string;
  media: MediaPort;
  limits: SessionLimits;
  clock: Clock;
  logger: Logger;
}

/** The sessions whose media is on this node. */
export class LocalSessionHost implements SessionHost {
  private readonly sessions = new Map<string, Session>();
  private readonly failingJoins: FailingJoins;
  private stopping = false;

  constructor(private readonly options: LocalSessionHostOptions) {
    this.failingJoins = new FailingJoins(options);
  }

  /** Sessions can be opened here, as far as anybody has tried lately. */
  get canOpen(): boolean {
    return !this.failingJoins.isResting;
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** Whether nothing that is said to the peer reaches its client now. */
  isAway(roomId: string, peerId: string): boolean {
    return this.sessions.get(keyOf({ roomId, peerId }))?.isAway ?? true;
  }

  /** Whether it has a session here whose client is away, and may come back. */
  isDetached(roomId: string, peerId: string): boolean {
    return this.sessions.get(keyOf({ roomId, peerId }))?.isAway ?? false;
  }

  async open(request: SessionOpenRequest, downlink: SessionDownlink): Promise<LocalSessionUplink> {
    if (this.stopping) throw new FleetError('FLEET_ERR_SHUTTING_DOWN');
    const { roomId, peerId, epoch, claim, grants, role, remoteAddress, resumable } = request;
    const { nodes, homeLinkAddress, migratesFrom, migratable = false } = request;
    const session = new Session({
      id: randomUUID(),
      roomId,
      peerId,
      resumeToken: createResumeToken(this.options.nodeId),
      resumable,
      migratable,
      arriving: migratesFrom !== undefined,
      grants,
      role,
      downlink,
      limits: this.options.limits,
      clock: this.options.clock,
      logger: this.options.logger,
      onClosed: (closed) => this.forget(closed),
    });
    // Before the peer opens: a second connection of the same peer, right behind, must find this one.
    const earlier = this.sessions.get(keyOf(request));
    this.sessions.set(keyOf(request), session);
    earlier?.close(new FleetError('FLEET_ERR_PEER_REPLACED'));
    try {
      session.setPeer(
        await this.options.media.openPeer({
          roomId,
          peerId,
          epoch,
          claim,
          grants,
          role,
          nodes,
          homeLinkAddress,
          remoteAddress,
          migratesFrom,
          channel: session,
        }),
      );
    } catch (error) {
      const fleetError = FleetError.from(error);
      session.close(fleetError);
      // Of the others it is the request's fault, or the room's.
      if (fleetError.code === 'FLEET_ERR_INTERNAL') this.failingJoins.failed();
      throw fleetError;
    }
    this.failingJoins.succeeded();
    if (session.closeError) throw session.closeError;
    this.options.logger.info(
      { sessionId: session.id, roomId, peerId, gatewayNodeId: request.gatewayNodeId, resumable },
      'session opened',
    );
    return this.uplinkOf(session);
  }

  /** `relinked`: the same gateway goes on over a new link, and its client has not noticed anything. */
  async resume(
    request: SessionResumeRequest,
    downlink: SessionDownlink,
    { relinked = false }: { relinked?: boolean } = {},
  ): Promise<LocalSessionUplink> {
    const session = this.find(request);
    session.attach(downlink, request.lastSeq, { relinked });
    const { roomId, peerId, gatewayNodeId } = request;
    this.options.logger.info(
      { sessionId: session.id, roomId, peerId, gatewayNodeId, relinked },
      'session resumed',
    );
    return this.uplinkOf(session);
  }

  /** See SessionHost. */
  async migrate(request: SessionMigrateRequest): Promise<SessionMigration> {
    return this.find(request).describeMigration();
  }

  /** Whether that peer's client can be asked to migrate now. */
  canMigrate(roomId: string, peerId: string): boolean {
    return this.sessions.get(keyOf({ roomId, peerId }))?.canMigrate ?? false;
  }

  /** That peer's session, for all attempts to move it: another one of the same peer came later. */
  movableSession(roomId: string, peerId: string): MovableSession | undefined {
    return this.sessions.get(keyOf({ roomId, peerId }));
  }

  /** Ends all sessions and takes no new ones. Idempotent. */
  close(error = new FleetError('FLEET_ERR_SHUTTING_DOWN')): void {
    this.stopping = true;
    for (const session of [...this.sessions.values()]) session.close(error);
  }

  /** One answer for both: who guesses a token must not learn whether the peer is there. */
  private find(request: { roomId: string; peerId: string; resumeToken: string }): Session {
    const session = this.sessions.get(keyOf(request));
    if (!session || !sameResumeToken(session.resumeToken, request.resumeToken)) {
      throw new FleetError('FLEET_ERR_SESSION_GONE');
    }
    return session;
  }

  private forget(session: Session): void {
    const key = keyOf(session);
    // A newer connection of the same peer may have taken the place.
    if (this.sessions.get(key) === session) this.sessions.delete(key);
  }

  /** Acts on the session for as long as no other gateway has taken it over. */
  private uplinkOf(session: Session): LocalSessionUplink {
    const attachment = session.attachment;
    const current = () => session.attachment === attachment;
    return {
      sessionId: session.id,
      resumeToken: session.resumeToken,
      graceMs: session.resumable ? this.options.limits.graceMs : 0,
      send: (message) => {
        if (current()) session.receive(message);
      },
      acknowledge: (seq) => {
        if (current()) session.acknowledge(seq);
      },
      detach: () => {
        if (current()) session.detach();
      },
      leave: () => {
        if (current()) session.leave();
      },
      suspend: () => {
        if (current()) session.suspend();
      },
    };
  }
}

function keyOf(of: { roomId: string; peerId: string }): string {
  return JSON.stringify([of.roomId, of.peerId]);
}
