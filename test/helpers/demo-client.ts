import type { types } from 'mediasoup';
import type { MediaPort } from '../../node-app/media/media-port';
import { RtpPeer, type RemoteTransport } from '../../local/load/rtp-peer';
import { TestPeer, type TestPeerOptions } from './test-peer';

export interface DemoTransport extends RemoteTransport {
  id: string;
  sctpParameters?: types.SctpParameters;
}

export interface DemoConsumer {
  consumerId: string;
  producerId: string;
  peerId: string;
  kind: string;
  rtpParameters: types.RtpParameters;
}

export interface DemoClientOptions extends TestPeerOptions {
  generation: 'legacy' | 'current';
}

type Answer = Record<string, unknown>;

/** What mediasoup-demo's browser clients do, in either generation of their protocol. */
export class DemoClient {
  sendTransport: DemoTransport | undefined;
  receiveTransport: DemoTransport | undefined;
  capabilities: types.RtpCapabilities = {};

  private constructor(
    readonly peer: TestPeer,
    readonly generation: 'legacy' | 'current',
  ) {}

  /** Opens the peer and does nothing else. */
  static async open(media: MediaPort, options: DemoClientOptions): Promise<DemoClient> {
    return new DemoClient(await TestPeer.open(media, options), options.generation);
  }

  /** The whole way into the room, as the demo goes it. */
  static async join(media: MediaPort, options: DemoClientOptions): Promise<DemoClient> {
    const client = await DemoClient.open(media, options);
    await client.enter();
    return client;
  }

  get peerId(): string {
    return this.peer.peerId;
  }

  /** @param more further fields of `join` */
  async enter(more: object = {}): Promise<Answer> {
    const answer = await this.peer.request('getRouterRtpCapabilities');
    this.capabilities = (
      this.generation === 'legacy' ? answer : answer.routerRtpCapabilities
    ) as types.RtpCapabilities;
    this.sendTransport = await this.createTransport('producer');
    this.receiveTransport = await this.createTransport('consumer');
    const sctp = { sctpCapabilities: { numStreams: { OS: 1024, MIS: 1024 } } };
    return this.peer.request('join', {
      displayName: `I am ${this.peerId}`,
      device: { flag: 'chrome', name: 'Chrome', version: '156.0' },
      rtpCapabilities: this.capabilities,
      ...(this.generation === 'legacy' ? sctp : {}),
      ...more,
    });
  }

  async createTransport(direction: 'producer' | 'consumer'): Promise<DemoTransport> {
    const answer = await this.peer.request('createWebRtcTransport', {
      forceTcp: false,
      ...(this.generation === 'legacy'
        ? {
            producing: direction === 'producer',
            consuming: direction === 'consumer',
            sctpCapabilities: { numStreams: { OS: 1024, MIS: 1024 } },
          }
        : { appData: { direction } }),
    });
    const id = this.generation === 'legacy' ? answer.id : answer.transportId;
    return { ...(answer as unknown as DemoTransport), id: id as string };
  }

  async produce(kind: 'audio' | 'video', rtpParameters: types.RtpParameters): Promise<string> {
    const answer = await this.peer.request('produce', {
      transportId: this.sendTransport?.id,
      kind,
      rtpParameters,
      appData: this.generation === 'current' ? { source: kind } : {},
    });
    return (this.generation === 'legacy' ? answer.id : answer.producerId) as string;
  }

  async produceData(
    label: string,
    sctpStreamParameters: Partial<types.SctpStreamParameters> = {},
  ): Promise<string> {
    const answer = await this.peer.request('produceData', {
      transportId: this.sendTransport?.id,
      sctpStreamParameters: { streamId: 0, ...sctpStreamParameters },
      label,
      protocol: '',
      appData: this.generation === 'current' ? { channel: label } : { info: `my-${label}` },
    });
    return (this.generation === 'legacy' ? answer.id : answer.dataProducerId) as string;
  }

  /** Controls of objects: requests in the older generation, notifications in the newer. */
  async control(method: string, data: object): Promise<void> {
    if (this.generation === 'legacy') await this.peer.request(method, data);
    else this.peer.notify(method, data);
  }

  consumers(): DemoConsumer[] {
    return this.peer.requests('newConsumer').map((data) => ({
      ...(data as unknown as DemoConsumer),
      consumerId: (this.generation === 'legacy' ? data.id : data.consumerId) as string,
    }));
  }

  /**
   * Connects the transport for real, and can then send or receive packets.
   * @param address where the node is reached. @default where its candidates say
   */
  async connectMedia(transport: DemoTransport | undefined, address?: string): Promise<RtpPeer> {
    if (transport === undefined) throw new Error('there is no such transport yet');
    const iceCandidates = transport.iceCandidates.map((one) => (address ? { ...one, address } : one));
    return RtpPeer.connect({
      remote: { ...transport, iceCandidates },
      connect: (dtlsParameters) =>
        this.peer.request('connectWebRtcTransport', { transportId: transport.id, dtlsParameters }),
    });
  }
}
