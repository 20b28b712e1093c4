import type { types } from 'mediasoup-client';
import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import { FleetClientError } from '../errors';
import type { MediaSession } from '../media/media-session';
import { trackLabel, type TrackLabel } from '../media/track-app-data';
import { isRecord } from '../signalling/frames';
import type { Layers, TrackKind } from '../vocabulary';
import { peerDescription } from './peer-description';
import { RemotePeer } from './remote-peer';
import { RemoteTrack } from './remote-track';

/** After a new session, others may be on their way back too: their pictures stay this long, milliseconds. */
const STALE_AFTER_MS = 10_000;

export interface SubscriberHandlers {
  peerJoined(peer: RemotePeer): void;
  peerLeft(peer: RemotePeer): void;
  peerChanged(peer: RemotePeer): void;
  trackAdded(peer: RemotePeer, track: RemoteTrack): void;
  trackRemoved(peer: RemotePeer, track: RemoteTrack): void;
  trackChanged(peer: RemotePeer, track: RemoteTrack): void;
  /** Other cameras are forwarded now; undefined: all. */
  forwardedVideo(peerIds: readonly string[] | undefined): void;
  audienceChanged(count: number): void;
  warning(error: FleetClientError): void;
  /** What an earlier session received isn't shown any more. */
  earlierSessionDone(): void;
}

interface NewConsumer {
  consumerId: string;
  producerId: string;
  peerId: string;
  publisherNodeId: string | undefined;
  kind: TrackKind;
  rtpParameters: types.RtpParameters;
  producerPaused: boolean;
  score: number | undefined;
  label: TrackLabel;
}

/** A consumer that the browser is still making; what the server says of it meanwhile. */
interface Expected {
  closed: boolean;
  muted: boolean;
  layers: Layers | undefined;
}

/** The other peers and what is received of them, over all sessions of this client. */
export class Subscriber {
  readonly #clock: Clock;
  readonly #handlers: SubscriberHandlers;
  readonly #peers = new Map<string, RemotePeer>();
  readonly #tracks = new Map<string, RemoteTrack>();
  readonly #expected = new Map<string, Expected>();
  /** Also those whose track has another one by now. */
  readonly #consumers = new Map<string, types.Consumer>();
  #media: MediaSession | undefined;
  #forwardedVideo: readonly string[] | undefined;
  #audience = 0;
  /** Peers of an earlier session that the present one has not confirmed. */
  readonly #unconfirmed = new Set<string>();
  #staleTimer: Timer | undefined;
  /** What is to be restored when the migration under way fails. */
  #departure:
    | {
        media: MediaSession | undefined;
        tracks: Map<string, RemoteTrack>;
        unconfirmed: Set<string>;
        forwardedVideo: readonly string[] | undefined;
        /** It had not been a session for long. */
        wasNew: boolean;
      }
    | undefined;
  #onTaken: (() => void) | undefined;

  constructor(clock: Clock, handlers: SubscriberHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  get peers(): readonly RemotePeer[] {
    return [...this.#peers.values()];
  }

  peer(peerId: string): RemotePeer | undefined {
    return this.#peers.get(peerId);
  }

  /** Whose cameras the room forwards to this client; undefined: all. */
  get forwardedVideo(): readonly string[] | undefined {
    return this.#forwardedVideo;
  }

  /** How many others are there whom the server doesn't list. */
  get audience(): number {
    return this.#audience;
  }

  /** The places of the receiving connection, in their order, for a session to which this client migrates. */
  slots(): { mid: string; producerId: string }[] {
    // A track whose publisher has just migrated is there by two consumers.
    const received = new Set([...this.#tracks.values()].filter((track) => track.isOf(this.#media)));
    return [...received].map(({ slot }) => slot).sort((a, b) => Number(a.mid) - Number(b.mid));
  }

  /**
   * This client migrates: what it receives on `media` takes the place of what it receives now, track by track.
   * `stay()` takes that back, `settle()` makes it final.
   */
  arrive(media: MediaSession): void {
    const { peers } = this;
    this.#departure = {
      media: this.#media,
      tracks: new Map(this.#tracks),
      unconfirmed: new Set(this.#unconfirmed),
      forwardedVideo: this.#forwardedVideo,
      wasNew: this.#staleTimer !== undefined,
    };
    // What has not come over the new session yet is not stale.
    this.#forgetStale();
    this.#media = media;
    for (const { peerId } of peers) this.#unconfirmed.add(peerId);
  }

  /** Resolves once everything that came before comes over the new session, and is seen. */
  async shown(): Promise<void> {
    const departure = this.#departure;
    const missing = () =>
      [...(departure?.tracks.values() ?? [])].some(
        (track) => !track.isOf(this.#media) && this.#peers.get(track.peerId)?.tracks.includes(track),
      );
    while (departure !== undefined && departure === this.#departure && missing()) {
      await new Promise<void>((resolve) => (this.#onTaken = resolve));
    }
    const tracks = this.peers.flatMap((peer) => peer.tracks);
    await Promise.all(tracks.map((track) => track.shown));
  }

  /** The migration came to nothing. */
  stay(): void {
    const departure = this.#departure;
    if (!departure) return;
    this.#departure = undefined;
    this.#onTaken?.();
    const arrived = this.#media;
    this.#media = departure.media;
    for (const peer of this.#peers.values()) {
      for (const track of peer.tracks) {
        if (!track.isOf(arrived)) continue;
        track.restoreConsumer();
        if (track.isOf(arrived)) this.#removeTrack(track);
      }
    }
    this.#tracks.clear();
    for (const [consumerId, track] of departure.tracks) this.#tracks.set(consumerId, track);
    this.#unconfirmed.clear();
    for (const peerId of departure.unconfirmed) this.#unconfirmed.add(peerId);
    this.#setForwardedVideo(departure.forwardedVideo);
    if (departure.wasNew) this.#dropStaleLater();
  }

  /** The new session has taken over; what does not come over it is dropped in a while. */
  settle(): void {
    const departure = this.#departure;
    if (!departure) return;
    this.#departure = undefined;
    for (const consumerId of departure.tracks.keys()) this.#tracks.delete(consumerId);
    this.#dropStaleLater();
  }

  /** A new session begins: what was there stays until it comes again, or doesn't in time. */
  useSession(media: MediaSession): void {
    this.#media = media;
    this.#tracks.clear();
    this.#expected.clear();
    this.#setForwardedVideo(undefined);
    this.#forgetStale();
    for (const peerId of this.#peers.keys()) this.#unconfirmed.add(peerId);
  }

  /** Takes the answer of `join`. */
  joined({ peers, audience }: { peers: unknown[]; audience: number }): void {
    this.#setAudience(audience);
    for (const peer of peers) this.#confirm(peer);
    if (!this.#departure) this.#dropStaleLater();
  }

  /** Answers the server's `newConsumer`. @throws FleetClientError */
  async newConsumer(data: unknown): Promise<void> {
    const description = newConsumer(data);
    if (!description) throw new FleetClientError('PROTOCOL_ERROR', 'newConsumer without its fields');
    const media = this.#media;
    const transport = media?.receiveTransport;
    if (!media || !transport) throw new FleetClientError('NOT_CONNECTED', 'there is no receiving transport');
    const { consumerId, producerId, peerId, kind, rtpParameters, label } = description;
    const expected: Expected = { closed: false, muted: description.producerPaused, layers: undefined };
    this.#expected.set(consumerId, expected);
    let consumer: types.Consumer;
    try {
      // Not awaited one after the other: mediasoup-client keeps the order and joins them in one negotiation.
      consumer = await transport.consume({
        id: consumerId,
        producerId,
        kind,
        rtpParameters,
        // One stream per source and peer, so that the browser keeps a peer's sound and picture in step.
        streamId: `${peerId}-${label.source === 'screen' ? 'screen' : 'main'}`,
      });
    } catch (error) {
      if (media !== this.#media || expected.closed) return;
      const failure = FleetClientError.from(error);
      this.#handlers.warning(failure);
      throw failure;
    } finally {
      if (this.#expected.get(consumerId) === expected) this.#expected.delete(consumerId);
    }
    if (expected.closed || media !== this.#media) {
      consumer.close();
      return;
    }
    this.#take(media, consumer, description, expected);
  }

  /** Takes a notification; gives false when it is not of this part's. */
  notification(method: string, data: unknown): boolean {
    const fields = isRecord(data) ? data : {};
    switch (method) {
      case 'newPeer':
        this.#confirm(isRecord(fields.peer) ? fields.peer : fields);
        return true;
      case 'peerClosed':
        if (typeof fields.peerId === 'string') this.#removePeer(fields.peerId);
        return true;
      case 'peerDisplayNameChanged': {
        const peer = typeof fields.peerId === 'string' ? this.#peers.get(fields.peerId) : undefined;
        if (peer && typeof fields.displayName === 'string') {
          peer.update(fields.displayName, peer.device);
          this.#handlers.peerChanged(peer);
        }
        return true;
      }
      case 'forwardedVideo': {
        const peerIds = Array.isArray(fields.peerIds) ? (fields.peerIds as unknown[]) : [];
        const names = peerIds.filter((peerId): peerId is string => typeof peerId === 'string');
        this.#setForwardedVideo(fields.lastN === 0 ? undefined : names);
        return true;
      }
      case 'audience':
        if (typeof fields.count === 'number') this.#setAudience(fields.count);
        return true;
      case 'consumerClosed':
      case 'consumerPaused':
      case 'consumerResumed':
      case 'consumerScore':
      case 'consumerLayersChanged':
        if (typeof fields.consumerId === 'string')
          this.#consumerNotification(method, fields.consumerId, fields);
        return true;
      default:
        return false;
    }
  }

  /** Idempotent. */
  close(): void {
    this.#forgetStale();
    for (const peerId of [...this.#peers.keys()]) this.#removePeer(peerId);
    this.#media = undefined;
  }

  #setAudience(count: number): void {
    if (count === this.#audience) return;
    this.#audience = count;
    this.#handlers.audienceChanged(count);
  }

  #take(media: MediaSession, consumer: types.Consumer, description: NewConsumer, expected: Expected): void {
    const { peerId, kind, label, score } = description;
    this.#consumers.set(consumer.id, consumer);
    consumer.observer.once('close', () => this.#consumers.delete(consumer.id));
    const peer = this.#peers.get(peerId) ?? this.#addPeer(peerId, peerId);
    const { publisherNodeId } = description;
    const earlier = peer.tracks.find(
      (track) =>
        track.source === label.source &&
        track.kind === kind &&
        track.name === label.name &&
        // Of an earlier session of this client, or from where its publisher was before it migrated.
        (!track.isOf(media) || track.publisherNodeId !== publisherNodeId),
    );
    const track =
      earlier ??
      new RemoteTrack(
        {
          peerId,
          source: label.source,
          kind,
          name: label.name,
          clock: this.#clock,
          onChanged: (changed) => {
            if (peer.tracks.includes(changed)) this.#handlers.trackChanged(peer, changed);
          },
          warning: (error) => this.#handlers.warning(error),
        },
        media,
        consumer,
        expected.muted,
      );
    this.#tracks.set(consumer.id, track);
    if (earlier) {
      earlier.replaceConsumer(media, consumer, expected.muted);
    } else {
      peer.addTrack(track);
      this.#handlers.trackAdded(peer, track);
    }
    track.setPublisherNode(publisherNodeId);
    track.setForwarded(this.#isForwarded(track));
    if (expected.layers) track.setCurrentLayers(expected.layers);
    if (score !== undefined) track.setScore(score);
    // The server resumes the consumer on our answer: what would pause it must come after that.
    this.#clock.setTimer(0, () => track.start());
    this.#onTaken?.();
  }

  #consumerNotification(method: string, consumerId: string, fields: Record<string, unknown>): void {
    const known = this.#tracks.get(consumerId);
    // One that has another consumer by now does not end or change with this one.
    const track = known?.consumerId === consumerId ? known : undefined;
    const expected = this.#expected.get(consumerId);
    switch (method) {
      case 'consumerClosed':
        if (expected) expected.closed = true;
        if (track) this.#removeTrack(track);
        this.#tracks.delete(consumerId);
        this.#consumers.get(consumerId)?.close();
        return;
      case 'consumerPaused':
      case 'consumerResumed':
        // Not its publisher's doing; `forwardedVideo` says it.
        if (fields.reason === 'lastN') return;
        if (expected) expected.muted = method === 'consumerPaused';
        track?.setMuted(method === 'consumerPaused');
        return;
      case 'consumerScore':
        track?.setScore(scoreOf(fields.score));
        return;
      case 'consumerLayersChanged': {
        // The older generation puts the layers beside the id.
        const layers = layersOf(isRecord(fields.layers) ? fields.layers : fields);
        if (expected) expected.layers = layers;
        track?.setCurrentLayers(layers);
        return;
      }
    }
  }

  #forgetStale(): void {
    this.#staleTimer?.cancel();
    this.#staleTimer = undefined;
  }

  #dropStaleLater(): void {
    this.#forgetStale();
    this.#staleTimer = this.#clock.setTimer(STALE_AFTER_MS, () => this.#dropStale());
  }

  #setForwardedVideo(peerIds: readonly string[] | undefined): void {
    if (peerIds === this.#forwardedVideo) return;
    this.#forwardedVideo = peerIds;
    for (const track of this.#tracks.values()) track.setForwarded(this.#isForwarded(track));
    this.#handlers.forwardedVideo(peerIds);
  }

  #isForwarded({ kind, source, peerId }: RemoteTrack): boolean {
    if (kind === 'audio' || source === 'screen') return true;
    return this.#forwardedVideo?.includes(peerId) ?? true;
  }

  #confirm(value: unknown): void {
    const description = peerDescription(value);
    if (!description) return;
    const { peerId, displayName, device } = description;
    this.#unconfirmed.delete(peerId);
    const known = this.#peers.get(peerId);
    if (!known) {
      this.#addPeer(peerId, displayName, device);
      return;
    }
    const changed = known.displayName !== displayName;
    known.update(displayName, device);
    if (changed) this.#handlers.peerChanged(known);
  }

  #addPeer(peerId: string, displayName: string, device = {}): RemotePeer {
    const peer = new RemotePeer(peerId, displayName, device);
    this.#peers.set(peerId, peer);
    this.#handlers.peerJoined(peer);
    return peer;
  }

  #removePeer(peerId: string): void {
    const peer = this.#peers.get(peerId);
    if (!peer) return;
    for (const track of peer.tracks) this.#removeTrack(track);
    this.#peers.delete(peerId);
    this.#unconfirmed.delete(peerId);
    this.#handlers.peerLeft(peer);
  }

  #removeTrack(track: RemoteTrack): void {
    if (this.#tracks.get(track.consumerId) === track) this.#tracks.delete(track.consumerId);
    track.close();
    const peer = this.#peers.get(track.peerId);
    if (!peer?.tracks.includes(track)) return;
    peer.removeTrack(track);
    this.#handlers.trackRemoved(peer, track);
  }

  /** Peers that didn't come back, and tracks that weren't published again. */
  #dropStale(): void {
    this.#staleTimer = undefined;
    for (const peerId of [...this.#unconfirmed]) this.#removePeer(peerId);
    for (const peer of this.#peers.values()) {
      for (const track of peer.tracks) if (!track.isOf(this.#media)) this.#removeTrack(track);
    }
    this.#handlers.earlierSessionDone();
  }
}

function newConsumer(data: unknown): NewConsumer | undefined {
  if (!isRecord(data)) return undefined;
  const consumerId = data.consumerId ?? data.id;
  const { producerId, peerId, kind, rtpParameters } = data;
  if (typeof consumerId !== 'string' || typeof producerId !== 'string' || typeof peerId !== 'string') {
    return undefined;
  }
  if ((kind !== 'audio' && kind !== 'video') || !isRecord(rtpParameters)) return undefined;
  return {
    consumerId,
    producerId,
    peerId,
    publisherNodeId: typeof data.publisherNodeId === 'string' ? data.publisherNodeId : undefined,
    kind,
    // Checked by mediasoup-client, which throws on a bad one.
    rtpParameters: rtpParameters as unknown as types.RtpParameters,
    producerPaused: data.producerPaused === true,
    score: scoreOf(data.consumerScore),
    label: trackLabel(data.appData, kind),
  };
}

function scoreOf(score: unknown): number | undefined {
  return isRecord(score) && typeof score.score === 'number' ? score.score : undefined;
}

function layersOf(layers: Record<string, unknown>): Layers | undefined {
  if (typeof layers.spatialLayer !== 'number') return undefined;
  return {
    spatialLayer: layers.spatialLayer,
    ...(typeof layers.temporalLayer === 'number' && { temporalLayer: layers.temporalLayer }),
  };
}
