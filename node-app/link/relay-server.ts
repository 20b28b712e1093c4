import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import {
  migrateParamsSchema,
  openParamsSchema,
  resumeParamsSchema,
  type Opened,
  type Upstream,
} from '../../core/protocol/link';
import type { SessionClose, SessionDownlink, SessionMigration } from '../../core/session/session-port';
import type { LocalSessionHost, LocalSessionUplink } from '../session/local-session-host';
import type { Link, SessionFrame } from './link';

/** Confirmations of one session travel at most this often, milliseconds. */
const CONFIRM_INTERVAL_MS = 50;

/** Frames of a gateway that may wait for its session to open. */
const MAX_EARLY_FRAMES = 64;

/** How long the end of a session is kept for a gateway whose link is broken, milliseconds. */
const KEEP_ENDED_MS = 15_000;

export interface RelayServerOptions {
  host: LocalSessionHost;
  clock: Clock;
  logger: Logger;
}

/** A session here whose gateway is another node. */
interface Served {
  channel: string;
  link: Link;
  uplink: LocalSessionUplink | undefined;
  lastUpSeq: number;
  confirmTimer: Timer | undefined;
  early: { upSeq: number; body: Upstream }[];
  /** How the session ended while no link could tell the gateway. */
  ended?: SessionClose;
}

/** The media node's side of the relay. A broken link suspends its sessions until the gateway is back. */
export class RelayServer {
  /** By gateway and channel, so that no node can name another's session. */
  private readonly served = new Map<string, Served>();

  constructor(private readonly options: RelayServerOptions) {}

  /** Answers `open`. @throws FleetError */
  async open(link: Link, rawParams: unknown): Promise<Opened> {
    const parsed = openParamsSchema.safeParse(rawParams);
    if (!parsed.success) throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'open: not valid' });
    const { channel, ...request } = parsed.data;
    if (this.served.has(keyOf(link.nodeId, channel))) {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'open: the channel is in use' });
    }
    // Who the gateway is says the link, which proved it, not the request.
    request.gatewayNodeId = link.nodeId;
    return this.serve(link, channel, 0, (downlink) => this.options.host.open(request, downlink));
  }

  /** Answers `resume`. @throws FleetError */
  async resume(link: Link, rawParams: unknown): Promise<Opened> {
    const parsed = resumeParamsSchema.safeParse(rawParams);
    if (!parsed.success) throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'resume: not valid' });
    const { channel, relinked, ...request } = parsed.data;
    request.gatewayNodeId = link.nodeId;
    const earlier = relinked ? this.served.get(keyOf(link.nodeId, channel)) : undefined;
    if (relinked && !earlier) throw new FleetError('FLEET_ERR_SESSION_GONE');
    if (earlier?.ended) {
      this.forget(keyOf(link.nodeId, channel), earlier);
      throw new FleetError(earlier.ended.error.code, earlier.ended.error);
    }
    return this.serve(link, channel, earlier?.lastUpSeq ?? 0, (downlink) =>
      this.options.host.resume(request, downlink, { relinked }),
    );
  }

  /** Answers `migrate`. @throws FleetError */
  async migrate(rawParams: unknown): Promise<SessionMigration> {
    const parsed = migrateParamsSchema.safeParse(rawParams);
    if (!parsed.success) throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'migrate: not valid' });
    return this.options.host.migrate(parsed.data);
  }

  /** A frame from a gateway. */
  handleFrame(link: Link, frame: Extract<SessionFrame, { t: 'up' | 'downAck' }>): void {
    const served = this.served.get(keyOf(link.nodeId, frame.channel));
    if (served?.link !== link) return;
    if (frame.t === 'downAck') served.uplink?.acknowledge(frame.seq);
    else this.receive(served, frame);
  }

  linkClosed(link: Link): void {
    for (const served of this.served.values()) {
      if (served.link === link) served.uplink?.suspend();
    }
  }

  /** Forgets everything; the sessions themselves end with their host. */
  close(): void {
    for (const [key, served] of [...this.served]) this.forget(key, served);
  }

  private async serve(
    link: Link,
    channel: string,
    lastUpSeq: number,
    begin: (downlink: SessionDownlink) => Promise<LocalSessionUplink>,
  ): Promise<Opened> {
    const key = keyOf(link.nodeId, channel);
    const served: Served = {
      channel,
      link,
      uplink: undefined,
      lastUpSeq,
      confirmTimer: undefined,
      early: [],
    };
    this.served.set(key, served);
    const downlink: SessionDownlink = {
      deliver: (seq, message) => {
        try {
          link.send({ t: 'down', channel, seq, message });
        } catch (error) {
          this.options.logger.error(
            { err: error, peerNodeId: link.nodeId },
            'a message does not fit the link',
          );
        }
      },
      closed: (close: SessionClose) => {
        // When the same channel was resumed on a newer link, the end of this one is nobody's news.
        if (this.served.get(key) !== served) return;
        served.confirmTimer?.cancel();
        if (!link.closed) {
          link.send({ t: 'closed', channel, ...close });
          this.forget(key, served);
          return;
        }
        served.ended = close;
        served.confirmTimer = this.options.clock.setTimer(KEEP_ENDED_MS, () => this.forget(key, served));
      },
    };
    try {
      const uplink = await begin(downlink);
      served.uplink = uplink;
      if (link.closed) uplink.suspend();
      for (const frame of served.early.splice(0)) this.receive(served, frame);
      const { sessionId, resumeToken, graceMs } = uplink;
      return { sessionId, resumeToken, graceMs, lastUpSeq: served.lastUpSeq };
    } catch (error) {
      this.forget(key, served);
      throw error;
    }
  }

  private forget(key: string, served: Served): void {
    served.confirmTimer?.cancel();
    if (this.served.get(key) === served) this.served.delete(key);
  }

  private receive(served: Served, { upSeq, body }: { upSeq: number; body: Upstream }): void {
    if (!served.uplink) {
      if (served.early.length < MAX_EARLY_FRAMES) served.early.push({ upSeq, body });
      return;
    }
    if (upSeq <= served.lastUpSeq) return;
    if (upSeq > served.lastUpSeq + 1) {
      // Order is the connection's promise: a gap is a bug, and going on would lose a client's message.
      served.link.close(`a gap before message ${upSeq} of a session`);
      return;
    }
    served.lastUpSeq = upSeq;
    if (body.kind === 'message') {
      this.confirmSoon(served);
      served.uplink.send(body.message);
      return;
    }
    // The gateway lets go: nothing further is for it.
    served.link.send({ t: 'upAck', channel: served.channel, upSeq });
    this.forget(keyOf(served.link.nodeId, served.channel), served);
    if (body.kind === 'detach') served.uplink.detach();
    else served.uplink.leave();
  }

  private confirmSoon(served: Served): void {
    served.confirmTimer ??= this.options.clock.setTimer(CONFIRM_INTERVAL_MS, () => {
      served.confirmTimer = undefined;
      served.link.send({ t: 'upAck', channel: served.channel, upSeq: served.lastUpSeq });
    });
  }
}

function keyOf(gatewayNodeId: string, channel: string): string {
  return `${channel} ${gatewayNodeId}`;
}
