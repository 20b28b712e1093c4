import { Device, type types } from 'mediasoup-client';
import { Peer, WebSocketTransport } from 'protoo-client';

/**
 * What mediasoup-demo's browser client does, in either generation of its protocol, on the real protoo-client and
 * mediasoup-client. Runs in the page; the test talks to it through `globalThis.demo`.
 */
export type Generation = 'legacy' | 'current';

/** A message as it was on the wire's other side: of the client (`→`) or of the server (`←`). */
export interface RecordedMessage {
  direction: '→' | '←';
  kind: 'request' | 'response' | 'notification';
  method: string;
  /** Names of the payload's fields, sorted: values differ in each run. */
  fields: string[];
}

type Payload = Record<string, unknown>;

/** What mediasoup-client of that generation gave; newer ones no longer know the numbers of streams. */
const SCTP_CAPABILITIES = { numStreams: { OS: 1024, MIS: 1024 } };

/** Requests from the server name the consumer by `id` or by `consumerId`. */
interface NewConsumer {
  id?: string;
  consumerId?: string;
  producerId: string;
  kind: types.MediaKind;
  rtpParameters: types.RtpParameters;
  appData: types.AppData;
  peerId: string;
}

interface NewDataConsumer {
  id?: string;
  dataConsumerId?: string;
  dataProducerId: string;
  sctpStreamParameters: types.SctpStreamParameters;
  label: string;
  protocol: string;
  appData: types.AppData;
}

export class DemoBrowserClient {
  readonly transcript: RecordedMessage[] = [];
  readonly chat: string[] = [];
  readonly #generation: Generation;
  readonly #peer: Peer;
  readonly #device = new Device();
  #sendTransport: types.Transport | undefined;
  #receiveTransport: types.Transport | undefined;
  #chatProducer: types.DataProducer | undefined;
  #videoConsumer: types.Consumer | undefined;
  #videoProducer: types.Producer | undefined;

  constructor(options: { url: string; generation: Generation }) {
    this.#generation = options.generation;
    this.#peer = new Peer(new WebSocketTransport(options.url));
    this.#peer.on(
      'request',
      (request: { method: string; data: Payload }, accept: () => void, reject: (e: Error) => void) => {
        this.#record('←', 'request', request.method, request.data);
        this.#onRequest(request.method, request.data).then(() => accept(), reject);
      },
    );
    this.#peer.on('notification', ({ method, data }: { method: string; data?: Payload }) => {
      this.#record('←', 'notification', method, data);
    });
  }

  async join(displayName: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#peer.once('open', () => resolve());
      this.#peer.once('failed', () => reject(new Error('could not connect')));
    });
    const answer = await this.#request('getRouterRtpCapabilities');
    const routerRtpCapabilities =
      this.#generation === 'legacy' ? answer : (answer['routerRtpCapabilities'] as Payload);
    await this.#device.load({
      routerRtpCapabilities: routerRtpCapabilities,
    });
    this.#sendTransport = this.#device.createSendTransport(await this.#createTransport('producer'));
    this.#receiveTransport = this.#device.createRecvTransport(await this.#createTransport('consumer'));
    for (const transport of [this.#sendTransport, this.#receiveTransport]) this.#connectOnDemand(transport);
    this.#produceOnDemand(this.#sendTransport);
    await this.#request('join', {
      displayName,
      device: { flag: 'chrome', name: 'Chrome', version: '1' },
      rtpCapabilities: this.#device.recvRtpCapabilities,
      ...(this.#generation === 'legacy' && { sctpCapabilities: SCTP_CAPABILITIES }),
    });
  }

  async publish(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: true,
      video: { width: 640, height: 360 },
    });
    const [audio] = stream.getAudioTracks();
    const [video] = stream.getVideoTracks();
    await this.#sendTransport?.produce({ track: audio, appData: { source: 'audio' } });
    this.#videoProducer = await this.#sendTransport?.produce({
      track: video,
      encodings: [
        { scaleResolutionDownBy: 4, maxBitrate: 200_000 },
        { scaleResolutionDownBy: 1, maxBitrate: 1_000_000 },
      ],
      codecOptions: { videoGoogleStartBitrate: 1000 },
      appData: { source: 'video' },
    });
  }

  /** A camera in VP9 with the layers of this mode, as the demo sends it with `forceVP9`. */
  async publishVp9(scalabilityMode: string): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 } });
    this.#videoProducer = await this.#sendTransport?.produce({
      track: stream.getVideoTracks()[0],
      encodings: [{ scalabilityMode, maxBitrate: 1_000_000 }],
      codec: this.#device.recvRtpCapabilities.codecs?.find(
        ({ mimeType, parameters = {} }) => mimeType === 'video/VP9' && parameters['profile-id'] !== 2,
      ),
      codecOptions: { videoGoogleStartBitrate: 1000 },
      appData: { source: 'video' },
    });
  }

  async preferLayers(spatialLayer: number, temporalLayer: number): Promise<void> {
    const consumerId = this.#videoConsumer?.id;
    await this.#tell('setConsumerPreferredLayers', { consumerId, spatialLayer, temporalLayer });
  }

  /** As the demo opens it: the channel of the bot too, which must do no harm. */
  async openChat(): Promise<void> {
    this.#chatProducer = await this.#sendTransport?.produceData({
      ordered: false,
      maxRetransmits: 1,
      label: 'chat',
      appData: { channel: 'chat' },
    });
    await this.#sendTransport?.produceData({
      ordered: false,
      maxPacketLifeTime: 2000,
      label: 'bot',
      appData: { channel: 'bot' },
    });
  }

  say(text: string): void {
    this.#chatProducer?.send(text);
  }

  async pauseVideo(): Promise<void> {
    this.#videoProducer?.pause();
    await this.#tell('pauseProducer', { producerId: this.#videoProducer?.id });
  }

  async resumeVideo(): Promise<void> {
    this.#videoProducer?.resume();
    await this.#tell('resumeProducer', { producerId: this.#videoProducer?.id });
  }

  async closeVideo(): Promise<void> {
    this.#videoProducer?.close();
    await this.#tell('closeProducer', { producerId: this.#videoProducer?.id });
  }

  async rename(displayName: string): Promise<void> {
    await this.#tell('changeDisplayName', { displayName });
  }

  async transportStats(): Promise<Payload> {
    return this.#request('getTransportStats', { transportId: this.#sendTransport?.id });
  }

  async restartIce(): Promise<void> {
    const answer = await this.#request('restartIce', { transportId: this.#sendTransport?.id });
    const iceParameters = this.#generation === 'legacy' ? answer : (answer['iceParameters'] as Payload);
    await this.#sendTransport?.restartIce({ iceParameters: iceParameters as unknown as types.IceParameters });
  }

  sendState(): string | undefined {
    return this.#sendTransport?.connectionState;
  }

  close(): void {
    this.#peer.close();
  }

  async #createTransport(direction: 'producer' | 'consumer'): Promise<types.TransportOptions> {
    const answer = await this.#request(
      'createWebRtcTransport',
      this.#generation === 'legacy'
        ? {
            forceTcp: false,
            producing: direction === 'producer',
            consuming: direction === 'consumer',
            sctpCapabilities: SCTP_CAPABILITIES,
          }
        : { forceTcp: false, appData: { direction } },
    );
    const id = (this.#generation === 'legacy' ? answer['id'] : answer['transportId']) as string;
    return { ...answer, id, iceServers: [] } as unknown as types.TransportOptions;
  }

  #connectOnDemand(transport: types.Transport): void {
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      this.#request('connectWebRtcTransport', { transportId: transport.id, dtlsParameters }).then(
        () => done(),
        failed,
      );
    });
  }

  #produceOnDemand(transport: types.Transport): void {
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      this.#request('produce', { transportId: transport.id, kind, rtpParameters, appData }).then(
        (answer) => done({ id: this.#idOf(answer, 'producerId') }),
        failed,
      );
    });
    transport.on('producedata', ({ sctpStreamParameters, label, protocol, appData }, done, failed) => {
      this.#request('produceData', {
        transportId: transport.id,
        sctpStreamParameters,
        label,
        protocol,
        appData,
      }).then((answer) => done({ id: this.#idOf(answer, 'dataProducerId') }), failed);
    });
  }

  #idOf(answer: Payload, currentName: string): string {
    return answer[this.#generation === 'legacy' ? 'id' : currentName] as string;
  }

  async #onRequest(method: string, data: Payload): Promise<void> {
    if (method === 'newConsumer') await this.#consume(data as unknown as NewConsumer);
    else if (method === 'newDataConsumer') await this.#consumeData(data as unknown as NewDataConsumer);
    else throw new Error(`unknown request ${method}`);
  }

  async #consume(data: NewConsumer): Promise<void> {
    const id = (this.#generation === 'legacy' ? data.id : data.consumerId) ?? '';
    const { producerId, kind, rtpParameters, appData } = data;
    const consumer = await this.#receiveTransport?.consume({ id, producerId, kind, rtpParameters, appData });
    if (!consumer) throw new Error('no transport to receive on');
    if (kind === 'video') this.#videoConsumer = consumer;
    const element = document.createElement(kind);
    element.dataset['peerId'] = data.peerId;
    element.autoplay = true;
    if (element instanceof HTMLVideoElement) element.muted = true;
    element.srcObject = new MediaStream([consumer.track]);
    document.body.append(element);
  }

  async #consumeData(data: NewDataConsumer): Promise<void> {
    const id = (this.#generation === 'legacy' ? data.id : data.dataConsumerId) ?? '';
    const { dataProducerId, sctpStreamParameters, label, protocol, appData } = data;
    const consumer = await this.#receiveTransport?.consumeData({
      id,
      dataProducerId,
      sctpStreamParameters,
      label,
      protocol,
      appData,
    });
    consumer?.on('message', (message: unknown) => this.chat.push(String(message)));
  }

  async #request(method: string, data?: Payload): Promise<Payload> {
    this.#record('→', 'request', method, data);
    const answer = ((await this.#peer.request(method, data)) ?? {}) as Payload;
    this.#record('←', 'response', method, answer);
    return answer;
  }

  /** What is a request in the legacy protocol and a notification in the current one. */
  async #tell(method: string, data: Payload): Promise<void> {
    if (this.#generation === 'legacy') {
      await this.#request(method, data);
      return;
    }
    this.#record('→', 'notification', method, data);
    await this.#peer.notify(method, data);
  }

  #record(
    direction: RecordedMessage['direction'],
    kind: RecordedMessage['kind'],
    method: string,
    data?: unknown,
  ): void {
    const fields = data !== null && typeof data === 'object' ? Object.keys(data).sort() : [];
    this.transcript.push({ direction, kind, method, fields });
  }
}

declare global {
  var DemoBrowserClient: new (options: { url: string; generation: Generation }) => DemoBrowserClient;
  var demo: DemoBrowserClient;
}
globalThis.DemoBrowserClient = DemoBrowserClient;
