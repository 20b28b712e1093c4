import { Device, type types } from 'mediasoup-client';
import type { Clock } from '../../../core/protocol/for-browsers';
import { FleetClientError } from '../errors';
import { SignallingApi } from '../signalling/api';
import type { SignallingSession } from '../signalling/signalling-session';
import { SerialQueue } from '../serial-queue';
import type { Grants } from '../vocabulary';
import { IceKeeper } from './ice-keeper';

export interface MediaSessionOptions {
  signalling: SignallingSession;
  clock: Clock;
  produce: boolean;
  consume: boolean;
  grants: Grants;
  iceServers: RTCIceServer[];
  iceTransportPolicy: RTCIceTransportPolicy;
  /** A transport is disconnected: perhaps signalling is too, and doesn't know yet. */
  onTrouble: () => void;
  /** ICE can't be restored: these transports are lost. */
  onLost: () => void;
}

/** mediasoup-client's device and transports of one signalling session. Ends with it. */
export class MediaSession {
  readonly api: SignallingApi;
  readonly #options: MediaSessionOptions;
  readonly #device: Device;
  readonly #keepers: IceKeeper[] = [];
  readonly #transports: types.Transport[] = [];
  #onStateChanged: (() => void) | undefined;
  readonly #producing = new SerialQueue();
  /** The end of the last track that stopped being sent. */
  #stopped: Promise<void> | undefined;
  #sendTransport: Promise<types.Transport> | undefined;
  #receiveTransport: types.Transport | undefined;
  #closed = false;

  /** @throws FleetClientError NOT_SUPPORTED */
  constructor(options: MediaSessionOptions) {
    this.#options = options;
    this.api = new SignallingApi(options.signalling);
    try {
      this.#device = new Device();
    } catch (error) {
      throw new FleetClientError('NOT_SUPPORTED', 'this browser can not take part in calls', {
        cause: error,
      });
    }
  }

  get grants(): Grants {
    return this.#options.grants;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What this browser can receive; undefined when this client receives nothing. */
  get rtpCapabilities(): types.RtpCapabilities | undefined {
    return this.#options.consume ? this.#device.recvRtpCapabilities : undefined;
  }

  /** Makes the device and the transports ready for `join`. @throws FleetClientError */
  async open(): Promise<void> {
    const { produce, consume, grants } = this.#options;
    const sends = produce && (grants.canPublish || grants.canPublishData);
    // Not one after the other: each is a round trip.
    const [routerRtpCapabilities, receiving, sending] = await Promise.all([
      this.api.getRouterRtpCapabilities(),
      consume ? this.#transportOptions('consumer') : undefined,
      sends || !consume ? this.#transportOptions('producer') : undefined,
    ]);
    try {
      await this.#device.load({ routerRtpCapabilities });
    } catch (error) {
      throw new FleetClientError('NOT_SUPPORTED', 'this browser has none of the codecs of the room', {
        cause: error,
      });
    }
    this.#assertOpen();
    if (receiving) this.#openReceiveTransport(receiving);
    if (sending) this.#sendTransport ??= Promise.resolve(this.#openSendTransport(sending));
  }

  /** The transport for what this client sends; made on first use. @throws FleetClientError */
  sendTransport(): Promise<types.Transport> {
    if (!this.#sendTransport) {
      const opening = this.#transportOptions('producer').then((options) => this.#openSendTransport(options));
      this.#sendTransport = opening;
      opening.catch(() => {
        if (this.#sendTransport === opening) this.#sendTransport = undefined;
      });
    }
    return this.#sendTransport;
  }

  /** Publishes one track after the other. @throws FleetClientError FLEET_ERR_FORBIDDEN, … */
  produce(options: types.ProducerOptions): Promise<types.Producer> {
    if (!this.grants.canPublish) {
      return Promise.reject(new FleetClientError('FLEET_ERR_FORBIDDEN', 'no right to publish'));
    }
    return this.#producing.run(async () => {
      const transport = await this.sendTransport();
      await this.#stopped;
      return transport.produce(options);
    });
  }

  /** Resolves once every transport that has something to carry does so, or this session has ended. */
  async connected(): Promise<void> {
    while (!this.isConnected && !this.#closed) {
      await new Promise<void>((resolve) => (this.#onStateChanged = resolve));
    }
  }

  /** Whether every transport that has something to carry does so. */
  get isConnected(): boolean {
    const used = this.#transports.filter(({ connectionState }) => connectionState !== 'new');
    return used.every(({ connectionState }) => connectionState === 'connected');
  }

  get receiveTransport(): types.Transport | undefined {
    return this.#receiveTransport;
  }

  canProduce(kind: types.MediaKind): boolean {
    return this.#device.canProduce(kind);
  }

  /** VP8: the codec whose simulcast every browser sends and every node can pipe by layer. */
  get videoCodec(): types.RtpCodecCapability | undefined {
    return this.#device.sendRtpCapabilities.codecs?.find(
      ({ mimeType }) => mimeType.toLowerCase() === 'video/vp8',
    );
  }

  /** The network may have changed, or signalling is back: looks after the transports at once. */
  checkNow(): void {
    for (const keeper of this.#keepers) keeper.checkNow();
  }

  async stats(): Promise<{ send: RTCStatsReport | undefined; receive: RTCStatsReport | undefined }> {
    const send = await this.#sendTransport?.catch(() => undefined);
    const receive = this.#receiveTransport;
    const [sendReport, receiveReport] = await Promise.all([
      send && !send.closed ? send.getStats() : undefined,
      receive && !receive.closed ? receive.getStats() : undefined,
    ]);
    return { send: sendReport, receive: receiveReport };
  }

  /** Closes the transports and with them producers and consumers; tracks go on. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onStateChanged?.();
    for (const keeper of this.#keepers) keeper.close();
    this.#receiveTransport?.close();
    this.#sendTransport?.then(
      (transport) => transport.close(),
      () => undefined,
    );
  }

  #openReceiveTransport(options: types.TransportOptions): void {
    const transport = this.#device.createRecvTransport(options);
    this.#receiveTransport = transport;
    this.#keep(transport);
  }

  #openSendTransport(options: types.TransportOptions): types.Transport {
    this.#assertOpen();
    const transport = this.#device.createSendTransport(options);
    transport.on('produce', ({ kind, rtpParameters, appData }, callback, errback) => {
      this.api
        .produce({ transportId: transport.id, kind, rtpParameters, appData })
        .then((id) => callback({ id }), errback);
    });
    transport.on('producedata', ({ sctpStreamParameters, label, protocol, appData }, callback, errback) => {
      this.api
        .produceData({
          transportId: transport.id,
          sctpStreamParameters,
          label: label ?? '',
          protocol: protocol ?? '',
          appData,
        })
        .then((id) => callback({ id }), errback);
    });
    this.#keep(transport);
    this.#followStops(transport);
    return transport;
  }

  /**
   * mediasoup-client takes a track that the server refused back without waiting for it: a track that is sent
   * meanwhile would fail in the middle of that negotiation, with an error that hides the server's.
   */
  #followStops({ handler }: types.Transport): void {
    const stopSending = handler.stopSending.bind(handler);
    handler.stopSending = (localId) => {
      const stopping = stopSending(localId);
      this.#stopped = stopping.catch(() => undefined);
      return stopping;
    };
  }

  async #transportOptions(direction: 'producer' | 'consumer'): Promise<types.TransportOptions> {
    const { iceServers, iceTransportPolicy } = this.#options;
    const { transportId, ...description } = await this.api.createWebRtcTransport(direction);
    return {
      ...description,
      id: transportId,
      iceServers: [...(description.iceServers ?? []), ...iceServers],
      iceTransportPolicy,
    };
  }

  #keep(transport: types.Transport): void {
    this.#transports.push(transport);
    transport.on('connect', ({ dtlsParameters }, callback, errback) => {
      this.api.connectWebRtcTransport(transport.id, dtlsParameters).then(callback, errback);
    });
    const keeper = new IceKeeper({
      clock: this.#options.clock,
      restart: async () => {
        const iceParameters = await this.api.restartIce(transport.id);
        await transport.restartIce({ iceParameters });
      },
      onLost: () => {
        if (!this.#closed) this.#options.onLost();
      },
    });
    transport.on('connectionstatechange', (state) => {
      keeper.update(state);
      this.#onStateChanged?.();
      if (!this.#closed && (state === 'disconnected' || state === 'failed')) this.#options.onTrouble();
    });
    this.#keepers.push(keeper);
  }

  #assertOpen(): void {
    if (this.#closed) throw new FleetClientError('NOT_CONNECTED', 'the session ended', { retriable: true });
  }
}
