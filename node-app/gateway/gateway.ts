import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import { connectQuerySchema, type ConnectQuery } from '../../core/protocol/fleet-extensions';
import { resumeRetryMs, ReturnPacer } from '../../core/session/return-time';
import type { SessionDownlink } from '../../core/session/session-port';
import type { PeerAuthenticator } from '../auth/peer-authenticator';
import type { NodeMetrics } from '../metrics/node-metrics';
import { Connection } from './connection';
import type { InboundLimits } from './inbound-guard';
import type { Joined, Joiner } from './joiner';

export interface GatewayOptions {
  nodeId: string;
  authenticator: PeerAuthenticator;
  joiner: Joiner;
  limits: InboundLimits & {
    /** Clients on this gateway at once. */
    maxConnections: number;
  };
  /** Clients are pinged so often, milliseconds. */
  pingIntervalMs: number;
  /** Peers per second that this gateway lets come again after a loss: see DEFAULT_ADMISSION_JOINS_PER_SECOND. */
  joinsPerSecond: number;
  metrics: Pick<NodeMetrics, 'joinFinished' | 'sessionResumed' | 'sessionMigrated'>;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** Time for clients to take a last message when the gateway stops, milliseconds. */
const GOODBYE_MS = 500;

/** The clients' side of a node: connections, each a pipe to a session here or on another node. */
export class Gateway {
  private readonly connections = new Set<Connection>();
  private readonly opening = new Set<Promise<void>>();
  private readonly pacer: ReturnPacer;
  private emptied: (() => void) | undefined;
  private stopping = false;

  constructor(private readonly options: GatewayOptions) {
    this.pacer = new ReturnPacer(options);
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /**
   * Takes over a WebSocket. It is always accepted first and refused by a message, because a browser can't see
   * why an upgrade failed.
   */
  accept(socket: WebSocket, request: { query: unknown; remoteAddress: string }): void {
    const parsed = connectQuerySchema.safeParse(request.query);
    const query: ConnectQuery = parsed.success ? parsed.data : { roomId: '', peerId: '' };
    const resumable = query.resume === '1';
    const { clock, random, logger, limits, nodeId, pingIntervalMs, joinsPerSecond } = this.options;
    const connection = new Connection({
      socket,
      roomId: query.roomId,
      peerId: query.peerId,
      resumable,
      resuming: resumable && query.resumeToken !== undefined,
      // With a token that was good for a session, and not for its resume.
      reopens: resumable && query.reopen === '1' && !query.resumeToken && !query.migrateFrom,
      gatewayNodeId: nodeId,
      open: (downlink, isGone) => this.open(query, request.remoteAddress, downlink, isGone),
      onOpening: (opening) => {
        this.opening.add(opening);
        void opening.then(() => this.opening.delete(opening));
      },
      nextReturnMs: () => this.pacer.nextRetryMs(clock.monotonicMs()),
      nextResumeMs: (graceMs) =>
        resumeRetryMs({ clients: this.connections.size, graceMs, joinsPerSecond }, random),
      limits,
      pingIntervalMs,
      clock,
      logger,
      onClosed: (closed) => this.forget(closed),
    });
    this.connections.add(connection);
    const refusal = this.refusalFor(parsed.error);
    if (refusal) {
      connection.refuse(refusal);
      return;
    }
    connection.start();
  }

  /** Those whose clients can go on through another gateway. */
  get resumableConnections(): Connection[] {
    return Array.from(this.connections).filter(({ canResumeElsewhere }) => canResumeElsewhere);
  }

  /** Sends every client elsewhere. Idempotent. */
  async close(): Promise<void> {
    this.stopping = true;
    for (const connection of [...this.connections]) connection.gatewayClosing();
    if (this.connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.options.clock.setTimer(GOODBYE_MS, resolve);
        this.emptied = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    for (const connection of [...this.connections]) connection.terminate();
    // What was being opened is given back: claims released, sessions left.
    await Promise.all(this.opening);
  }

  private refusalFor(
    queryError: { issues: readonly { path: PropertyKey[]; message: string }[] } | undefined,
  ): FleetError | undefined {
    if (this.stopping) return new FleetError('FLEET_ERR_SHUTTING_DOWN');
    if (this.connections.size > this.options.limits.maxConnections) {
      return new FleetError('FLEET_ERR_RATE_LIMITED', {
        message: 'this gateway has no room for more connections',
        retryAfterMs: 1_000,
      });
    }
    if (!queryError) return undefined;
    const issue = queryError.issues[0];
    const message = `the URL's query: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`;
    return new FleetError('FLEET_ERR_BAD_REQUEST', { message });
  }

  private async open(
    query: ConnectQuery,
    remoteAddress: string,
    downlink: SessionDownlink,
    isGone: () => boolean,
  ): Promise<Joined> {
    const { clock, metrics, joiner } = this.options;
    const { roomId, peerId, resumeToken } = query;
    const resumable = query.resume === '1';
    if (resumable && resumeToken !== undefined) {
      // The access token was checked when the session began; the resume token proves who continues it.
      const resumed = await joiner.resume(
        { roomId, peerId, resumeToken, lastSeq: query.lastSeq ?? 0, remoteAddress },
        downlink,
      );
      metrics.sessionResumed();
      return resumed;
    }
    if (resumable && query.migrateFrom !== undefined) {
      // As for a resume.
      const { migrateFrom } = query;
      const migrated = await joiner.migrate({ roomId, peerId, migrateFrom, remoteAddress, isGone }, downlink);
      metrics.sessionMigrated();
      return migrated;
    }
    const startedMs = clock.monotonicMs();
    const finished = (result: Parameters<typeof metrics.joinFinished>[0]['result']) =>
      metrics.joinFinished({ result, durationMs: clock.monotonicMs() - startedMs });
    try {
      const grants = await this.options.authenticator.authenticate(query);
      const joined = await joiner.join(
        {
          roomId,
          peerId,
          grants,
          role: {
            publishes: grants.canPublish && isWanted(query.produce),
            subscribes: grants.canSubscribe && isWanted(query.consume),
          },
          expectedPeers: query.expectedPeers,
          resumable,
          migratable: query.migrate === '1',
          remoteAddress,
          isGone,
        },
        downlink,
      );
      finished('ok');
      return joined;
    } catch (error) {
      finished(FleetError.from(error).code);
      throw error;
    }
  }

  private forget(connection: Connection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.emptied?.();
  }
}

function isWanted(parameter: ConnectQuery['produce']): boolean {
  return parameter !== '0' && parameter !== 'false';
}
