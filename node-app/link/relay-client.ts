import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import {
  migrationSchema,
  openedSchema,
  type OpenParams,
  type Opened,
  type ResumeParams,
} from '../../core/protocol/link';
import { sessionCloseFor } from '../../core/session/close-code';
import type {
  SessionDownlink,
  SessionHost,
  SessionMigrateRequest,
  SessionMigration,
  SessionOpenRequest,
  SessionResumeRequest,
  SessionUplink,
} from '../../core/session/session-port';
import type { Link, SessionFrame } from './link';
import type { LinkHub } from './link-hub';
import { NodeUnreachableError } from './node-unreachable-error';
import { RemoteSession } from './remote-session';

/** A media node answers within milliseconds; this covers one that is starting its first room under load. */
const CALL_TIMEOUT_MS = 10_000;
const FIRST_BACK_OFF_MS = 50;
const MAX_BACK_OFF_MS = 1_000;
/** While a lost link is dialed, milliseconds: a lease lapses about when a silent link is found lost. */
const LOOK_FOR_LAPSE_EVERY_MS = 250;

export interface RelayClientOptions {
  /** This node. */
  nodeId: string;
  hub: Pick<LinkHub, 'connect'>;
  /** How a node is reached, as placement says; empty when it does not. Never rejects. */
  findLinkAddress: (nodeId: string) => Promise<string>;
  /** Whether a node whose link is lost is silent for everybody: then it is not waited for. Never rejects. */
  isSilent: (nodeId: string) => Promise<boolean>;
  /** Time after which an unreachable node's sessions are given up: it drops them itself then. Milliseconds. */
  giveUpAfterMs: number;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** Undefined: the link stands, and sessions go on over it. */
interface RelinkOutcome {
  error: FleetError | undefined;
}

/** The gateway's side of the relay: sessions on other nodes, kept alive over links that break. */
export class RelayClient {
  private readonly sessions = new Map<string, RemoteSession>();
  private readonly recovering = new Map<string, Promise<void>>();
  /** Ends the waits between attempts when the node stops. */
  private readonly stopped = new AbortController();

  constructor(private readonly options: RelayClientOptions) {}

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** Nodes whose link is lost and being re-established. */
  get recoveringCount(): number {
    return this.recovering.size;
  }

  /** Sessions on that node. */
  hostOn(nodeId: string, linkAddress: string): SessionHost {
    return {
      open: (request, downlink) => this.open(nodeId, linkAddress, request, downlink),
      resume: (request, downlink) => this.resume(nodeId, linkAddress, request, downlink),
      migrate: (request) => this.migrate(nodeId, linkAddress, request),
    };
  }

  // Called by the hub's handlers.

  /** A frame from a media node. */
  handleFrame(link: Link, frame: Extract<SessionFrame, { t: 'down' | 'upAck' | 'closed' }>): void {
    const session = this.sessions.get(frame.channel);
    // A node speaks for its own sessions only.
    if (!session?.isOn(link)) return;
    switch (frame.t) {
      case 'down':
        session.receive(frame.seq, frame.message);
        return;
      case 'upAck':
        session.confirmed(frame.upSeq);
        return;
      case 'closed':
        session.end({ closeCode: frame.closeCode, error: frame.error });
        return;
    }
  }

  linkClosed(link: Link): void {
    let affected = 0;
    for (const session of this.sessions.values()) {
      if (!session.isOn(link)) continue;
      session.linkLost();
      if (session.isOpen) affected += 1;
    }
    if (affected > 0) this.recover(link.nodeId);
  }

  /** Ends what is still there. Idempotent. */
  async close(): Promise<void> {
    this.stopped.abort();
    for (const session of [...this.sessions.values()]) {
      session.end(sessionCloseFor(new FleetError('FLEET_ERR_SHUTTING_DOWN')));
    }
    await Promise.all(this.recovering.values());
  }

  private async open(
    nodeId: string,
    linkAddress: string,
    request: SessionOpenRequest,
    downlink: SessionDownlink,
  ): Promise<SessionUplink> {
    const session = this.create(nodeId, linkAddress, request, downlink, 0);
    const params: OpenParams = { ...request, channel: session.channel };
    return this.begin(session, 'leave', (link) => link.call('open', params, CALL_TIMEOUT_MS));
  }

  private async resume(
    nodeId: string,
    linkAddress: string,
    request: SessionResumeRequest,
    downlink: SessionDownlink,
  ): Promise<SessionUplink> {
    const session = this.create(nodeId, linkAddress, request, downlink, request.lastSeq);
    const params: ResumeParams = { ...request, channel: session.channel, relinked: false };
    // The session is older than this attempt: the client may try again elsewhere.
    return this.begin(session, 'detach', (link) => link.call('resume', params, CALL_TIMEOUT_MS));
  }

  private async migrate(
    nodeId: string,
    linkAddress: string,
    { roomId, peerId, resumeToken }: SessionMigrateRequest,
  ): Promise<SessionMigration> {
    const link = await this.options.hub.connect(nodeId, linkAddress);
    return migrationSchema.parse(
      await link.call('migrate', { roomId, peerId, resumeToken }, CALL_TIMEOUT_MS),
    );
  }

  private async begin(
    session: RemoteSession,
    givenUpAs: 'leave' | 'detach',
    call: (link: Link) => Promise<unknown>,
  ): Promise<SessionUplink> {
    this.sessions.set(session.channel, session);
    let link: Link | undefined;
    try {
      link = await this.options.hub.connect(session.nodeId, session.linkAddress);
      session.expectOn(link);
      const opened = openedSchema.parse(await call(link));
      if (!session.live) throw new FleetError('FLEET_ERR_SESSION_GONE', { message: 'the session has ended' });
      session.linked(link, opened);
      // The link may have broken in the very moment in which the answer arrived.
      if (link.closed) this.linkClosed(link);
      return session;
    } catch (error) {
      this.sessions.delete(session.channel);
      // The node may have opened it, or be about to, and only its answer be late.
      link?.send({ t: 'up', channel: session.channel, upSeq: 1, body: { kind: givenUpAs } });
      throw FleetError.from(error);
    }
  }

  private create(
    nodeId: string,
    linkAddress: string,
    request: { roomId: string; peerId: string; remoteAddress: string },
    downlink: SessionDownlink,
    lastSeq: number,
  ): RemoteSession {
    if (this.stopping) throw new FleetError('FLEET_ERR_SHUTTING_DOWN');
    const { roomId, peerId, remoteAddress } = request;
    return new RemoteSession(
      {
        channel: randomBytes(12).toString('base64url'),
        nodeId,
        linkAddress,
        roomId,
        peerId,
        remoteAddress,
        downlink,
        clock: this.options.clock,
        onEnded: (session) => this.sessions.delete(session.channel),
      },
      lastSeq,
    );
  }

  /** One recovery per node at a time; it ends by itself when the link stands, the node is dead, or time is up. */
  private recover(nodeId: string): void {
    if (this.recovering.has(nodeId) || this.stopping) return;
    const recovery = this.relink(nodeId)
      .catch((error: unknown) => {
        this.options.logger.error({ err: error, peerNodeId: nodeId }, 're-establishing a link failed');
        this.giveUp(nodeId, FleetError.from(error));
      })
      .finally(() => this.recovering.delete(nodeId));
    this.recovering.set(nodeId, recovery);
  }

  private async relink(nodeId: string): Promise<void> {
    const { clock, giveUpAfterMs } = this.options;
    const deadlineMs = clock.monotonicMs() + giveUpAfterMs;
    let backOffMs = FIRST_BACK_OFF_MS;
    while (!this.stopping) {
      const waiting = this.unlinked(nodeId);
      const [first] = waiting;
      if (!first) return;
      const attempt = this.relinkOnce(nodeId, first.linkAddress).then(
        () => ({ error: undefined }),
        (error: unknown) => ({ error: FleetError.from(error) }),
      );
      if (await this.lapses(nodeId, attempt)) {
        this.giveUp(
          nodeId,
          new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: 'its lease has lapsed' }),
        );
        return;
      }
      const { error } = await attempt;
      if (error === undefined) continue;
      if (!(error instanceof NodeUnreachableError)) throw error;
      if (error.evidence === 'dead' || clock.monotonicMs() > deadlineMs) {
        this.giveUp(nodeId, error);
        return;
      }
      await this.wait(backOffMs * (0.5 + this.options.random()));
      backOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS);
    }
  }

  /** True once the node is silent for everybody; false when the attempt has ended before that. Never rejects. */
  private async lapses(nodeId: string, attempt: Promise<RelinkOutcome>): Promise<boolean> {
    let outcome: RelinkOutcome | undefined;
    const ended = attempt.then((value) => {
      outcome = value;
    });
    for (;;) {
      // Not only after the attempt: a dial into nowhere takes seconds.
      if (await this.options.isSilent(nodeId)) return outcome === undefined || outcome.error !== undefined;
      if (outcome !== undefined || this.stopping) return false;
      await Promise.race([ended, this.wait(LOOK_FOR_LAPSE_EVERY_MS)]);
    }
  }

  /** @throws NodeUnreachableError */
  private async relinkOnce(nodeId: string, linkAddress: string): Promise<void> {
    // A session that was resumed over an open link came without an address.
    const address = linkAddress || (await this.options.findLinkAddress(nodeId));
    const link = await this.options.hub.connect(nodeId, address);
    await Promise.all(this.unlinked(nodeId).map((session) => this.resumeOn(link, session)));
  }

  /** Open sessions of the node that no link carries. */
  private unlinked(nodeId: string): RemoteSession[] {
    return [...this.sessions.values()].filter(
      (session) => session.nodeId === nodeId && session.isOpen && session.isUnlinked,
    );
  }

  private async resumeOn(link: Link, session: RemoteSession): Promise<void> {
    const params: ResumeParams = {
      ...session.identity,
      channel: session.channel,
      resumeToken: session.resumeToken,
      lastSeq: session.lastSeq,
      gatewayNodeId: this.options.nodeId,
      relinked: true,
    };
    session.expectOn(link);
    let opened: Opened;
    try {
      opened = openedSchema.parse(await link.call('resume', params, CALL_TIMEOUT_MS));
    } catch (error) {
      // Whatever is wrong with the link concerns all sessions; an answer concerns this one.
      if (error instanceof NodeUnreachableError) {
        session.linkLost();
        throw error;
      }
      session.end(sessionCloseFor(FleetError.from(error)));
      return;
    }
    if (link.closed) session.linkLost();
    else session.linked(link, opened);
  }

  /** The node is lost to this gateway: its peers go elsewhere. */
  private giveUp(nodeId: string, cause: FleetError): void {
    const lost = [...this.sessions.values()].filter((session) => session.nodeId === nodeId && session.isOpen);
    this.options.logger.warn(
      { peerNodeId: nodeId, sessions: lost.length, reason: cause.message },
      lost.length === 0
        ? `${nodeId} is lost to this gateway; it carried no session of its clients`
        : `${nodeId} is lost to this gateway: the clients of ${lost.length} of its sessions are told to join again, and are placed on another node`,
    );
    const close = sessionCloseFor(new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: cause.message }));
    for (const session of lost) session.end(close);
  }

  private wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.stopped;
      const settle = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', settle);
        resolve();
      };
      const timer = this.options.clock.setTimer(delayMs, settle);
      signal.addEventListener('abort', settle);
      if (signal.aborted) settle();
    });
  }

  private get stopping(): boolean {
    return this.stopped.signal.aborted;
  }
}
