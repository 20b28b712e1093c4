import type { SessionOpened } from '../../core/protocol/fleet-extensions';
import { createBrowserClock } from './browser-clock';
import type { FleetClientEvents } from './client-events';
import type { DataChannel } from './data/data-channel';
import { DataHub } from './data/data-hub';
import { describeDevice } from './device-info';
import { FleetClientError } from './errors';
import { MediaSession } from './media/media-session';
import { ReceptionWatch } from './media/reception-watch';
import { watchNetwork } from './network-watcher';
import type { LocalTrack } from './publish/local-track';
import { Publisher } from './publish/publisher';
import { ClientMigration } from './reconnect/client-migration';
import { SessionKeeper, type MigrationPoint, type ResumePoint } from './reconnect/session-keeper';
import { connectUrl } from './signalling/connect-url';
import { HeldMessages } from './signalling/held-messages';
import { ServerMessages } from './server-messages';
import type { SignallingSession } from './signalling/signalling-session';
import { SpeakingMeter } from './speaking/speaking-meter';
import { StatsCollector } from './stats/stats-collector';
import { Pins } from './subscribe/pins';
import type { RemotePeer } from './subscribe/remote-peer';
import { Subscriber } from './subscribe/subscriber';
import type {
  CameraOptions,
  ConnectionState,
  DataChannelOptions,
  FleetClientOptions,
  FleetStats,
  MicrophoneOptions,
  PublishTrackOptions,
  ScreenShareOptions,
  SessionInfo,
} from './types';
import { TypedEmitter } from './typed-emitter';
import type { Grants } from './vocabulary';

const DEFAULT_REQUEST_TIMEOUT_MS = 15_000;
const DEFAULT_GIVE_UP_AFTER_MS = 300_000;
const DEFAULT_JOIN_ATTEMPTS = 3;
const DEFAULT_SPEAKING_INTERVAL_MS = 250;
const MAX_ID_LENGTH = 256;
const ALL_GRANTS: Grants = { canPublish: true, canSubscribe: true, canPublishData: true };

/** One peer in one room of the fleet. For another room, or after the end, make another client. */
export class FleetClient extends TypedEmitter<FleetClientEvents> {
  readonly roomId: string;
  readonly peerId: string;
  readonly #options: FleetClientOptions;
  readonly #clock = createBrowserClock();
  readonly #keeper: SessionKeeper;
  readonly #publisher: Publisher;
  readonly #subscriber: Subscriber;
  readonly #pins = new Pins();
  readonly #data: DataHub;
  readonly #speaking: SpeakingMeter;
  readonly #stats = new StatsCollector();
  readonly #reception: ReceptionWatch;
  #unwatchNetwork: (() => void) | undefined;
  #state: ConnectionState = 'idle';
  #session: SessionInfo | undefined;
  #grants = ALL_GRANTS;
  #displayName: string;
  readonly #messages: ServerMessages;
  #activeSpeaker: string | undefined;
  #media: MediaSession | undefined;
  /** Messages of the present session. */
  #held = new HeldMessages();
  /** Transports of the session before, kept until their pictures have been replaced. */
  #earlierMedia: MediaSession | undefined;
  #joining:
    { promise: Promise<void>; resolve: () => void; reject: (error: FleetClientError) => void } | undefined;

  /** @throws FleetClientError INVALID_ARGUMENT when `url`, `roomId` or `peerId` can't be used */
  constructor(options: FleetClientOptions) {
    super();
    this.#options = options;
    this.roomId = checkId('roomId', options.roomId);
    this.peerId = checkId('peerId', options.peerId ?? randomId());
    connectUrl(options.url, { roomId: this.roomId, peerId: this.peerId });
    this.#displayName = options.displayName ?? this.peerId;
    const warning = (error: FleetClientError) => {
      options.logger?.warn(error.message, { code: error.code });
      this.emit('warning', { error });
    };
    this.#publisher = new Publisher({
      added: (track) => this.emit('localTrackAdded', { track }),
      removed: (track, reason) => this.emit('localTrackRemoved', { track, reason }),
      changed: (track) => this.emit('localTrackChanged', { track }),
      warning,
    });
    this.#subscriber = new Subscriber(this.#clock, {
      peerJoined: (peer) => this.emit('peerJoined', { peer }),
      peerLeft: (peer) => this.emit('peerLeft', { peer }),
      peerChanged: (peer) => this.emit('peerChanged', { peer }),
      trackAdded: (peer, track) => this.emit('trackAdded', { peer, track }),
      trackRemoved: (peer, track) => this.emit('trackRemoved', { peer, track }),
      trackChanged: (peer, track) => this.emit('trackChanged', { peer, track }),
      forwardedVideo: (peerIds) => this.emit('forwardedVideo', { peerIds }),
      audienceChanged: (count) => this.emit('audienceChanged', { count }),
      warning,
      earlierSessionDone: () => this.#closeEarlierMedia(),
    });
    this.#data = new DataHub(this.#clock, {
      chat: (peerId, text) =>
        this.emit('message', {
          peerId,
          displayName: this.peer(peerId)?.displayName ?? peerId,
          text,
          receivedAt: new Date(this.#clock.nowMs()),
        }),
      data: (message) => this.emit('data', message),
      opened: (channel) => this.emit('dataChannelOpened', { channel }),
      warning,
    });
    this.#speaking = new SpeakingMeter({
      clock: this.#clock,
      peerId: this.peerId,
      intervalMs: options.speakingLevelsIntervalMs ?? DEFAULT_SPEAKING_INTERVAL_MS,
      localTracks: () => this.localTracks,
      peers: () => this.peers,
      onLevels: (levels) => this.emit('speakingLevels', { levels }),
    });
    this.#reception = new ReceptionWatch({
      clock: this.#clock,
      newestAt: () => {
        const times = this.peers
          .flatMap(({ tracks }) => tracks)
          .flatMap(({ receivedAt }) => receivedAt ?? []);
        return times.length === 0 ? undefined : Math.max(...times);
      },
      // The node may be gone, and the gateway with it.
      onStopped: () => void this.#keeper.probe(),
    });
    this.#messages = new ServerMessages({
      subscriber: this.#subscriber,
      publisher: this.#publisher,
      data: this.#data,
      activeSpeaker: (peerId) => {
        if (peerId === this.#activeSpeaker) return;
        this.#activeSpeaker = peerId;
        this.emit('activeSpeaker', { peerId });
      },
      downlinkEstimate: (estimate) => this.emit('downlinkEstimate', estimate),
    });
    this.#keeper = this.#createKeeper();
  }

  get connectionState(): ConnectionState {
    return this.#state;
  }

  /** Which parts of the fleet serve this client; undefined before the first `connected`. */
  get session(): SessionInfo | undefined {
    return this.#session;
  }

  get displayName(): string {
    return this.#displayName;
  }

  /** The others in the room, in the order they came; in a large one without its `audience`. */
  get peers(): readonly RemotePeer[] {
    return this.#subscriber.peers;
  }

  /** How many others are in the room who aren't among the `peers`: in a large one, those who only listen. */
  get audience(): number {
    return this.#subscriber.audience;
  }

  peer(peerId: string): RemotePeer | undefined {
    return this.#subscriber.peer(peerId);
  }

  get activeSpeaker(): string | undefined {
    return this.#activeSpeaker;
  }

  /** Whom `pin` holds, the last one first. */
  get pinnedPeers(): readonly string[] {
    return this.#pins.peerIds;
  }

  /**
   * Sees and hears this peer whoever else speaks, in rooms that forward only some of their people. At most 100; holds
   * over a reconnection. @throws FleetClientError
   */
  pin(peerId: string): Promise<void> {
    return this.#pins.pin(peerId);
  }

  /** @throws FleetClientError */
  unpin(peerId: string): Promise<void> {
    return this.#pins.unpin(peerId);
  }

  /** Whose cameras the room forwards to this client, when it forwards at most N; undefined: all of them. */
  get forwardedVideo(): readonly string[] | undefined {
    return this.#subscriber.forwardedVideo;
  }

  get localTracks(): readonly LocalTrack[] {
    return this.#publisher.tracks;
  }

  get camera(): LocalTrack | undefined {
    return this.#publisher.track('camera', 'video');
  }

  get microphone(): LocalTrack | undefined {
    return this.#publisher.track('microphone', 'audio');
  }

  /** The picture of the screen share. */
  get screen(): LocalTrack | undefined {
    return this.#publisher.track('screen', 'video');
  }

  /**
   * Enters the room; resolves once in it. Retriable refusals (no capacity, …) are tried again, see
   * `reconnect.joinAttempts`, before it throws; each waiting time is a `reconnecting` event.
   * @throws FleetClientError
   */
  join(): Promise<void> {
    if (this.#ended) return Promise.reject(new FleetClientError('CLOSED', 'this client has ended'));
    if (this.#joining) return this.#joining.promise;
    // `Promise.withResolvers` is younger than the browsers that this SDK serves.
    let resolve!: () => void;
    let reject!: (error: FleetClientError) => void;
    const promise = new Promise<void>((onJoined, onFailed) => {
      resolve = onJoined;
      reject = onFailed;
    });
    this.#joining = { promise, resolve, reject };
    this.#unwatchNetwork = watchNetwork(() => this.#networkChanged());
    this.#keeper.start();
    return promise;
  }

  /** Tells the room, closes everything, and stops the tracks that this SDK captured. Idempotent. */
  async leave(): Promise<void> {
    this.close();
  }

  /** As `leave()`, at once. Idempotent. */
  close(): void {
    if (this.#ended) return;
    this.#end('closed', new FleetClientError('CLOSED', 'the client was closed'));
  }

  /**
   * Publishes the camera. When it is on already, this changes its device or resolution. Before `join()` it only
   * captures, for a preview; `join()` publishes it.
   * @throws FleetClientError NO_CAMERA, PERMISSION_DENIED, DEVICE_IN_USE, DEVICE_NOT_FOUND, …
   */
  enableCamera(options: CameraOptions = {}): Promise<LocalTrack> {
    return this.#publisher.enableCamera(options);
  }

  /** Unpublishes the camera and turns its light off. @throws FleetClientError */
  disableCamera(): Promise<void> {
    return this.#publisher.disable('camera');
  }

  /** @throws FleetClientError NO_MICROPHONE, PERMISSION_DENIED, DEVICE_IN_USE, DEVICE_NOT_FOUND, … */
  enableMicrophone(options: MicrophoneOptions = {}): Promise<LocalTrack> {
    return this.#publisher.enableMicrophone(options);
  }

  /** @throws FleetClientError */
  disableMicrophone(): Promise<void> {
    return this.#publisher.disable('microphone');
  }

  /** Captures from another camera without renegotiation. @throws FleetClientError */
  async switchCamera(deviceId: string): Promise<void> {
    await this.#publisher.enableCamera({ deviceId });
  }

  /** @throws FleetClientError */
  async switchMicrophone(deviceId: string): Promise<void> {
    await this.#publisher.enableMicrophone({ deviceId });
  }

  /**
   * Asks the person for a screen, window or tab, and publishes it beside the camera. Must be called from a click.
   * @throws FleetClientError SCREEN_SHARE_CANCELLED, PERMISSION_DENIED, NOT_SUPPORTED, …
   */
  startScreenShare(options: ScreenShareOptions = {}): Promise<LocalTrack> {
    return this.#publisher.startScreenShare(options);
  }

  /** @throws FleetClientError */
  stopScreenShare(): Promise<void> {
    return this.#publisher.disable('screen');
  }

  /** Publishes any track. @throws FleetClientError */
  publishTrack(track: MediaStreamTrack, options: PublishTrackOptions = {}): Promise<LocalTrack> {
    return this.#publisher.publish(track, options);
  }

  /** @throws FleetClientError */
  unpublishTrack(track: LocalTrack): Promise<void> {
    return this.#publisher.unpublish(track);
  }

  /** Sends nothing of this track, at once and until `unmute()`; the others are told. @throws FleetClientError */
  mute(track: LocalTrack): Promise<void> {
    return this.#publisher.setMuted(track, true);
  }

  /** @throws FleetClientError */
  unmute(track: LocalTrack): Promise<void> {
    return this.#publisher.setMuted(track, false);
  }

  /** Sends a chat message to everyone else. @throws FleetClientError NOT_CONNECTED, BAD_MESSAGE, … */
  sendMessage(text: string): Promise<void> {
    return this.#data.sendMessage(text);
  }

  /** Opens a data channel to everyone else; their messages come as `data` events. @throws FleetClientError */
  openDataChannel(options: DataChannelOptions): Promise<DataChannel> {
    return this.#data.open(options);
  }

  /** @throws FleetClientError */
  async changeDisplayName(displayName: string): Promise<void> {
    this.#displayName = displayName;
    // Before `join()`, and while the client reconnects, `join` itself says it.
    if (this.#state === 'connected') await this.#media?.api.changeDisplayName(displayName);
  }

  /** Bitrates and losses count from the previous call. */
  getStats(): Promise<FleetStats> {
    return this.#stats.collect({
      peerId: this.peerId,
      session: this.#session,
      media: this.#media,
      localTracks: this.localTracks,
      remoteTracks: this.peers.flatMap((peer) => peer.tracks),
    });
  }

  get #ended(): boolean {
    return this.#state === 'closed' || this.#state === 'failed';
  }

  #createKeeper(): SessionKeeper {
    const { requestTimeoutMs, reconnect, getToken, logger } = this.#options;
    return new SessionKeeper({
      clock: this.#clock,
      random: Math.random,
      createSocket: (url, subprotocol) => new WebSocket(url, subprotocol),
      requestTimeoutMs: requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
      giveUpAfterMs: reconnect?.giveUpAfterMs ?? DEFAULT_GIVE_UP_AFTER_MS,
      joinAttempts: reconnect?.joinAttempts ?? DEFAULT_JOIN_ATTEMPTS,
      freshToken: getToken !== undefined,
      handlers: {
        url: (resume) => this.#url(resume),
        handlersFor: () => this.#messages.handlersFor((this.#held = new HeldMessages())),
        migrate: (session, opened) => this.#migrate(session, opened),
        migrated: (opened) => this.#connected(opened, { resumed: false, migrated: true }),
        join: (signalling, opened) => this.#enter(signalling, opened),
        resumed: (opened) => this.#resumed(opened),
        connecting: () => {
          if (this.#state === 'idle') this.#setState('connecting');
        },
        reconnecting: (event) => {
          logger?.debug('reconnecting', { ...event, reason: event.reason.code });
          this.#setState(this.#session ? 'reconnecting' : 'connecting');
          this.emit('reconnecting', event);
        },
        failed: (error) => this.#end('failed', error),
      },
    });
  }

  async #url(point: ResumePoint | MigrationPoint | undefined): Promise<string> {
    const { url, token, getToken, expectedPeers, produce, consume } = this.#options;
    return connectUrl(url, {
      roomId: this.roomId,
      peerId: this.peerId,
      token: getToken && !point ? await getToken() : token,
      resume: '1',
      migrate: '1',
      // Only where there is a token that is good for another session.
      reopen: point ? undefined : '1',
      ...point,
      expectedPeers,
      produce: produce === false ? '0' : '1',
      consume: consume === false ? '0' : '1',
    });
  }

  /** Makes a new session a joined one; the transports of the one before stay until their pictures are replaced. */
  async #enter(signalling: SignallingSession, opened: SessionOpened): Promise<void> {
    if (!this.#session) this.#setState('joining');
    // A server from before they were told allows or refuses each request by itself.
    this.#grants = opened.grants ?? ALL_GRANTS;
    const media = this.#createMedia(signalling);
    this.#closeEarlierMedia();
    this.#earlierMedia = this.#media;
    this.#media = media;
    this.#subscriber.useSession(media);
    await media.open();
    const { rtpCapabilities } = media;
    const found = await media.api.join({ ...this.#joinDetails(), rtpCapabilities });
    this.#subscriber.joined(found);
    // At once: what others send comes with the answer.
    this.#data.useSession(media);
    await this.#pins.useSession(media);
    await this.#publisher.useSession(media);
    // Not before the tracks: one transport opens one after the other, and a channel takes until all others have it.
    this.#data.openChannels(this.#options.produce !== false);
    if (media.closed) throw new FleetClientError('NOT_CONNECTED', 'the session ended', { retriable: true });
    this.#connected(opened, { resumed: false, migrated: false });
  }

  #createMedia(signalling: SignallingSession): MediaSession {
    const { consume, produce, iceServers, iceTransportPolicy } = this.#options;
    const media: MediaSession = new MediaSession({
      signalling,
      clock: this.#clock,
      produce: produce !== false,
      consume: consume !== false,
      grants: this.#grants,
      iceServers: iceServers ?? [],
      iceTransportPolicy: iceTransportPolicy ?? 'all',
      onTrouble: () => {
        if (this.#media === media) void this.#keeper.probe();
      },
      onLost: () => {
        if (this.#media === media) this.#keeper.reportMediaLost();
      },
    });
    return media;
  }

  #joinDetails(): { displayName: string; device: ReturnType<typeof describeDevice> } {
    return { displayName: this.#displayName, device: describeDevice(this.#options.device) };
  }

  #migrate(signalling: SignallingSession, opened: SessionOpened): ClientMigration {
    this.#grants = opened.grants ?? this.#grants;
    const from = this.#media;
    if (!from) throw new FleetClientError('NOT_CONNECTED', 'the client is not in the room');
    const [before, held] = [this.#held, new HeldMessages()];
    return new ClientMigration({
      clock: this.#clock,
      subscriber: this.#subscriber,
      publisher: this.#publisher,
      data: this.#data,
      pins: this.#pins,
      held: before,
      from,
      to: this.#createMedia(signalling),
      handlers: this.#messages.handlersFor(held),
      joinDetails: () => this.#joinDetails(),
      useMedia: (media) => {
        this.#media = media;
        this.#held = media === from ? before : held;
      },
    });
  }

  #resumed(opened: SessionOpened): void {
    this.#media?.checkNow();
    this.#connected(opened, { resumed: true, migrated: false });
  }

  #connected(
    { sessionId, gatewayNodeId, mediaNodeId }: SessionOpened,
    how: { resumed: boolean; migrated: boolean },
  ): void {
    this.#session = { sessionId, gatewayNodeId, mediaNodeId, grants: this.#grants };
    this.#options.logger?.debug('connected', { ...this.#session, ...how });
    this.#setState('connected');
    this.#speaking.start();
    this.#reception.start();
    this.#joining?.resolve();
    this.emit('connected', { session: this.#session, ...how });
  }

  #networkChanged(): void {
    this.#keeper.retryNow();
    void this.#keeper.probe();
    this.#media?.checkNow();
  }

  #closeEarlierMedia(): void {
    this.#earlierMedia?.close();
    this.#earlierMedia = undefined;
  }

  #end(state: 'closed' | 'failed', error: FleetClientError): void {
    if (this.#ended) return;
    this.#setState(state);
    this.#unwatchNetwork?.();
    this.#speaking.close();
    this.#reception.close();
    this.#keeper.close();
    this.#publisher.close();
    this.#subscriber.close();
    this.#data.close();
    this.#closeEarlierMedia();
    this.#media?.close();
    this.#joining?.reject(error);
    if (state === 'failed') this.emit('failed', { error });
  }

  #setState(state: ConnectionState): void {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    this.emit('connectionStateChanged', { state, previous });
  }
}

function checkId(field: string, id: string): string {
  if (typeof id === 'string' && id.length >= 1 && id.length <= MAX_ID_LENGTH) return id;
  throw new FleetClientError('INVALID_ARGUMENT', `${field} must have 1 to ${MAX_ID_LENGTH} characters`);
}

/** `crypto.randomUUID` exists in secure contexts only; a viewer's page may be plain http. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
