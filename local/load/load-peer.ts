import type { Clock, RandomSource, Timer } from '../../core/clock';
import {
  EXTENSION_METHODS,
  gatewayClosingSchema,
  roomPlacementChangedSchema,
  type SessionOpened,
} from '../../core/protocol/fleet-extensions';
import { planReconnect, type ReconnectTrigger } from '../../core/protocol/reconnect-policy';
import { Connection } from './connection';
import { addStreamFigures, noStreamFigures, type HostCounts, type HostSamples } from './host-figures';
import type { PeerSettings, PeerSpec, PeerState } from './load-settings';
import { PeerError } from './peer-error';
import { PeerMedia } from './peer-media';
import { PeerMigration, type PeerSession } from './peer-migration';
import type { ReceivedStream, StreamFigures } from './received-stream';
import { SignallingSession } from './signalling-session';

export interface LoadPeerOptions {
  spec: PeerSpec;
  settings: PeerSettings;
  clock: Clock;
  random: RandomSource;
  /** Where it counts; shared by all peers of the process. */
  counts: HostCounts;
  /** Where its durations go. */
  samples: () => HostSamples;
}

interface Session extends PeerSession {
  joined: boolean;
  /** Monotonic milliseconds until which the server keeps it; undefined while connected. */
  graceEndsMs: number | undefined;
}

type Trigger = ReconnectTrigger<PeerError>;

/** As the SDK. */
const GIVE_UP_AFTER_MS = 300_000;
/** Media that stops altogether for so long, milliseconds, is a reason to doubt the connection. */
const SILENT_MS = 1_500;
const MEDIA_LOST = 'MEDIA_LOST';
/** Not a failure of an attempt: the plain answer to a resume that came too late. */
const SESSION_GONE = 'FLEET_ERR_SESSION_GONE';

/** One WebRTC peer, from its first attempt to its leaving; it comes back as the SDK does. */
export class LoadPeer {
  state: PeerState = 'entering';
  private readonly streams = new Map<string, ReceivedStream>();
  private readonly startedAtMs: number;
  private session: Session | undefined;
  private connection: Connection | undefined;
  private migration: PeerMigration<Session> | undefined;
  /** From which it has migrated; their server ends them. */
  private readonly earlier = new Map<Connection, Session>();
  private planned: Timer | undefined;
  private attempt = 0;
  private troubleSinceMs: number;
  private awaySinceMs = 0;
  /** Of sessions that are over. */
  private earlierSentBytes = 0;
  /** Once it has left: nothing that it misses counts any more. */
  private finalFigures: StreamFigures | undefined;

  constructor(private readonly options: LoadPeerOptions) {
    this.startedAtMs = this.troubleSinceMs = options.clock.monotonicMs();
    this.connect('rejoin');
  }

  get spec(): PeerSpec {
    return this.options.spec;
  }

  get sentBytes(): number {
    const open = [...this.earlier.values(), ...(this.session ? [this.session] : [])];
    return open.reduce((sum, { media }) => sum + media.sentBytes, this.earlierSentBytes);
  }

  get videoLayers(): (number | undefined)[] {
    return this.session?.media.spatialLayers ?? [];
  }

  received(): StreamFigures {
    if (this.finalFigures) return this.finalFigures;
    const nowMs = this.options.clock.monotonicMs();
    return Array.from(this.streams.values())
      .map((stream) => stream.snapshot(nowMs))
      .reduce(addStreamFigures, noStreamFigures());
  }

  /** When the newest packet of each stream came, monotonic milliseconds, by `streamKey`. */
  lastPacketsAtMs(): Map<string, number> {
    const heard = new Map<string, number>();
    for (const [key, { lastPacketAtMs }] of this.streams) {
      if (lastPacketAtMs !== undefined) heard.set(key, lastPacketAtMs);
    }
    return heard;
  }

  /** To be called four times a second, as often as the SDK looks. */
  watchReception(): void {
    const nowMs = this.options.clock.monotonicMs();
    const heardAtMs = Array.from(this.lastPacketsAtMs().values());
    // As the SDK when ICE fails: it may be the node, and its gateway with it.
    if (heardAtMs.length > 0 && nowMs - Math.max(...heardAtMs) > SILENT_MS) this.connection?.check();
  }

  /** To be called each second. */
  async reportReception(): Promise<void> {
    await this.session?.media.report();
  }

  /** Leaves the room, so that the server knows. Idempotent. */
  async leave(): Promise<void> {
    await this.end(this.state === 'in' || this.state === 'entering' ? 'left' : 'dropped');
  }

  private get over(): boolean {
    return this.state === 'left' || this.state === 'dropped' || this.state === 'failed';
  }

  private connect(action: 'resume' | 'rejoin' | 'reopen'): void {
    if (action === 'reopen' && this.connection) {
      this.dropSession();
      // It was its turn, and still is.
      this.connection.reopen(() => this.connect('rejoin'));
      return;
    }
    const session = action === 'resume' ? this.session : undefined;
    // What is missed meanwhile comes again on a resume; media goes on.
    void this.connection?.close('drop');
    const connection: Connection = new Connection({
      url: this.url(
        session && {
          resumeToken: session.opened.resumeToken,
          lastSeq: String(session.signalling.lastSeq),
        },
      ),
      clock: this.options.clock,
      onOpened: (opened) => {
        if (opened.resumed && session && session === this.session) this.resume(session, connection, opened);
        else this.enter(connection, opened);
      },
      onFrame: (frame) => this.receive(connection, frame),
      onClosed: (error) => this.lose(connection, error),
    });
    this.connection = connection;
  }

  /** @param more of a session that is resumed, or from which it migrates. @default a new one, whose token is good for another */
  private url(more: Record<string, string> = { reopen: '1' }): string {
    const { settings, spec } = this.options;
    const url = new URL(settings.url);
    url.protocol = url.protocol.replace('http', 'ws');
    const query = {
      roomId: spec.roomId,
      peerId: spec.peerId,
      resume: '1',
      migrate: '1',
      expectedPeers: String(settings.expectedPeers),
      produce: spec.publishes ? '1' : '0',
      ...(settings.token !== undefined && { token: settings.token }),
      ...more,
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.toString();
  }

  private resume(session: Session, connection: Connection, opened: SessionOpened): void {
    session.opened = opened;
    session.graceEndsMs = undefined;
    session.signalling.attach(connection.socket);
    this.options.counts.resumed += 1;
    this.settle();
  }

  private enter(connection: Connection, opened: SessionOpened): void {
    this.dropSession();
    const session = this.openSession(connection, opened);
    this.session = session;
    session.media.enter().then(
      () => {
        if (this.session !== session) return;
        session.joined = true;
        const nowMs = this.options.clock.monotonicMs();
        this.options.samples().joinMs.push(nowMs - connection.openedAtMs);
        if (this.state === 'away') this.options.counts.rejoined += 1;
        else {
          this.options.counts.joined += 1;
          this.options.samples().getInMs.push(nowMs - this.startedAtMs);
        }
        this.settle();
      },
      (error: unknown) => {
        if (this.session !== session) return;
        this.dropSession();
        // A next attempt is on its way already, for a reason that says more.
        if (this.planned || this.over) return;
        this.connection = undefined;
        void connection.close('leave');
        this.trigger(triggerOf(PeerError.from(error)));
      },
    );
  }

  private openSession(connection: Connection, opened: SessionOpened): Session {
    const { clock, settings, spec, samples } = this.options;
    const signalling = new SignallingSession({
      clock,
      onRequest: async (method, data) => {
        if (method !== 'newConsumer') throw new Error(`FLEET_ERR_UNKNOWN_METHOD: ${method}`);
        await media.newConsumer(data);
      },
      onNotification: (method, data) => this.notified(media, method, data),
    });
    const media: PeerMedia = new PeerMedia({
      signalling,
      clock,
      displayName: spec.peerId,
      publish: spec.publishes ? settings : undefined,
      spatialLayer: settings.spatialLayer,
      streams: this.streams,
      onFirstPacket: () => samples().firstMediaMs.push(clock.monotonicMs() - connection.openedAtMs),
      onLost: () => {
        if (this.session?.media === media) this.trigger({ kind: 'media-lost' });
      },
    });
    signalling.attach(connection.socket);
    return { signalling, media, opened, joined: false, graceEndsMs: undefined };
  }

  private receive(connection: Connection, frame: Buffer): void {
    const session = this.connection === connection ? this.session : this.earlier.get(connection);
    session?.signalling.receive(frame);
  }

  /** The server asks for it: the present session goes on until the other one has taken over. */
  private async migrate(): Promise<void> {
    const { session: from, connection } = this;
    if (!from?.joined || !connection || this.migration || this.planned || this.over) return;
    const migration = new PeerMigration<Session>({
      clock: this.options.clock,
      url: this.url({ migrateFrom: from.opened.resumeToken }),
      from: from.media,
      open: (arrived, opened) => this.openSession(arrived, opened),
      onLost: (lost, error) => this.lose(lost, error),
    });
    this.migration = migration;
    try {
      const arrived = await migration.outcome;
      if (this.over) {
        this.retire(arrived.session, PeerError.lost('the peer has left'));
        void arrived.connection.close('leave');
        return;
      }
      this.earlier.set(connection, from);
      this.session = arrived.session;
      this.session.joined = true;
      this.connection = arrived.connection;
      this.options.counts.migrated += 1;
    } catch (error) {
      const { code, message } = PeerError.from(error);
      const { counts } = this.options;
      counts.failures[code] = (counts.failures[code] ?? 0) + 1;
      counts.lastFailure = message;
      from.signalling.request('migrationFailed', { code }).catch(() => undefined);
    } finally {
      this.migration = undefined;
    }
  }

  private notified(media: PeerMedia, method: string, data: unknown): void {
    // One that is arriving, or from which it has migrated, says nothing about the way of this peer.
    if (this.session?.media !== media) return media.notification(method, data);
    switch (method) {
      case EXTENSION_METHODS.connectionRefused:
        // The close that follows says the same without the time to wait.
        return this.connection && this.lose(this.connection, PeerError.ofRefusal(data));
      case EXTENSION_METHODS.gatewayClosing:
        return this.trigger({ kind: 'gateway-closing', ...gatewayClosingSchema.parse(data) });
      case EXTENSION_METHODS.migrateSession:
        void this.migrate();
        return;
      case EXTENSION_METHODS.roomPlacementChanged:
        // With it the session ends: there is nothing to resume.
        if (this.session) this.session.graceEndsMs = this.options.clock.monotonicMs();
        return this.trigger({ kind: 'placement-changed', ...roomPlacementChangedSchema.parse(data) });
      default:
        return media.notification(method, data);
    }
  }

  private lose(connection: Connection, error: PeerError): void {
    const earlier = this.earlier.get(connection);
    if (earlier) {
      this.earlier.delete(connection);
      this.retire(earlier, error);
      return;
    }
    if (this.connection !== connection || this.over) return;
    this.connection = undefined;
    const { session } = this;
    if (session?.joined) {
      session.signalling.detach(error);
      session.graceEndsMs ??= this.options.clock.monotonicMs() + session.opened.graceMs;
    }
    if (session && (!session.joined || error.code === SESSION_GONE)) this.dropSession(error);
    if (!this.planned) this.trigger(triggerOf(error));
  }

  private trigger(trigger: Trigger): void {
    if (this.over) return;
    this.migration?.abort(PeerError.lost('the session that migrated is in trouble'));
    const { clock, random, counts } = this.options;
    const nowMs = clock.monotonicMs();
    if (this.state === 'in') {
      this.state = 'away';
      this.awaySinceMs = this.troubleSinceMs = nowMs;
      counts.disconnects += 1;
    } else this.countFailure(trigger);
    const plan = planReconnect(
      {
        trigger,
        attempt: ++this.attempt,
        elapsedMs: nowMs - this.troubleSinceMs,
        graceLeftMs: this.graceLeftMs(nowMs),
        giveUpAfterMs: GIVE_UP_AFTER_MS,
        maxAttempts: Infinity,
        freshToken: false,
      },
      random,
    );
    if (plan.action === 'fail') {
      void this.end(this.state === 'away' ? 'dropped' : 'failed');
      return;
    }
    this.planned?.cancel();
    this.planned = clock.setTimer(plan.delayMs, () => {
      this.planned = undefined;
      if (this.state === 'entering') counts.retries += 1;
      this.connect(plan.action);
    });
  }

  private countFailure(trigger: Trigger): void {
    if (trigger.kind === 'gateway-closing' || trigger.kind === 'placement-changed') return;
    const code = 'error' in trigger ? trigger.error.code : MEDIA_LOST;
    if (code === SESSION_GONE) return;
    const { counts } = this.options;
    counts.failures[code] = (counts.failures[code] ?? 0) + 1;
    if ('error' in trigger) counts.lastFailure = trigger.error.message;
  }

  private graceLeftMs(nowMs: number): number {
    if (!this.session?.joined) return 0;
    const { graceEndsMs, opened } = this.session;
    return graceEndsMs === undefined ? opened.graceMs : graceEndsMs - nowMs;
  }

  /** It is in, with everything. */
  private settle(): void {
    if (this.state === 'away') {
      this.options.samples().awayMs.push(this.options.clock.monotonicMs() - this.awaySinceMs);
    }
    this.state = 'in';
    this.attempt = 0;
    this.planned?.cancel();
    this.planned = undefined;
  }

  private dropSession(error = PeerError.lost('the session is over')): void {
    const { session } = this;
    this.session = undefined;
    if (session) this.retire(session, error);
  }

  private retire(session: Session, error: PeerError): void {
    this.earlierSentBytes += session.media.sentBytes;
    session.signalling.detach(error);
    void session.media.close();
  }

  private async end(state: 'left' | 'dropped' | 'failed'): Promise<void> {
    if (this.over) return;
    this.finalFigures = this.received();
    this.streams.clear();
    this.state = state;
    this.planned?.cancel();
    this.planned = undefined;
    this.migration?.abort(PeerError.lost('the peer leaves'));
    this.dropSession();
    const connections = [...this.earlier.keys(), ...(this.connection ? [this.connection] : [])];
    this.connection = undefined;
    for (const session of this.earlier.values()) this.retire(session, PeerError.lost('the peer leaves'));
    this.earlier.clear();
    await Promise.all(connections.map((connection) => connection.close('leave')));
  }
}

function triggerOf(error: PeerError): Trigger {
  if (error.code === MEDIA_LOST) return { kind: 'media-lost' };
  const lost = error.code === 'CONNECTION_LOST' || error.code === 'TIMEOUT';
  return { kind: lost ? 'lost' : 'refused', error };
}
