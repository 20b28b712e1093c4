import type { types } from 'mediasoup-client';
import { FleetClientError } from '../errors';
import { isRecord } from './frames';
import type { SignallingSession } from './signalling-session';

/** A WebRTC transport as the server describes it. */
export interface TransportDescription {
  transportId: string;
  iceParameters: types.IceParameters;
  iceCandidates: types.IceCandidate[];
  dtlsParameters: types.DtlsParameters;
  sctpParameters?: types.SctpParameters;
  iceServers?: RTCIceServer[];
}

/** Numbers of streams have no meaning to mediasoup any more; the field says that data channels are wanted. */
const SCTP_CAPABILITIES = { numStreams: { OS: 1024, MIS: 1024 } };

/**
 * The requests of mediasoup-demo's current protocol, typed. What older or other servers name differently is
 * accepted where it costs nothing. Each method @throws FleetClientError
 */
export class SignallingApi {
  readonly #session: SignallingSession;

  constructor(session: SignallingSession) {
    this.#session = session;
  }

  async getRouterRtpCapabilities(): Promise<types.RtpCapabilities> {
    const answer = record(await this.#session.request('getRouterRtpCapabilities'));
    return isRecord(answer.routerRtpCapabilities) ? answer.routerRtpCapabilities : answer;
  }

  async createWebRtcTransport(direction: 'producer' | 'consumer'): Promise<TransportDescription> {
    const answer = record(
      await this.#session.request('createWebRtcTransport', {
        forceTcp: false,
        sctpCapabilities: SCTP_CAPABILITIES,
        appData: { direction },
      }),
    );
    return { ...answer, transportId: text(answer, 'transportId') } as TransportDescription;
  }

  async connectWebRtcTransport(transportId: string, dtlsParameters: types.DtlsParameters): Promise<void> {
    await this.#session.request('connectWebRtcTransport', { transportId, dtlsParameters });
  }

  async restartIce(transportId: string): Promise<types.IceParameters> {
    const answer = record(await this.#session.request('restartIce', { transportId }));
    return (isRecord(answer.iceParameters) ? answer.iceParameters : answer) as types.IceParameters;
  }

  /** Gives the peers that are in the room already. */
  async join(data: {
    displayName: string;
    device: unknown;
    rtpCapabilities: types.RtpCapabilities | undefined;
    /** The places of the receiving connection, of a client that migrates. */
    slots?: { mid: string; producerId: string }[];
  }): Promise<{ peers: unknown[]; audience: number }> {
    const answer = record(
      await this.#session.request('join', { ...data, sctpCapabilities: SCTP_CAPABILITIES }),
    );
    return {
      peers: Array.isArray(answer.peers) ? (answer.peers as unknown[]) : [],
      audience: typeof answer.audience === 'number' ? answer.audience : 0,
    };
  }

  async produce(data: {
    transportId: string;
    kind: types.MediaKind;
    rtpParameters: types.RtpParameters;
    appData: Record<string, unknown>;
  }): Promise<string> {
    return text(record(await this.#session.request('produce', data)), 'producerId');
  }

  async produceData(data: {
    transportId: string;
    sctpStreamParameters: types.SctpStreamParameters;
    label: string;
    protocol: string;
    appData: Record<string, unknown>;
  }): Promise<string> {
    return text(record(await this.#session.request('produceData', data)), 'dataProducerId');
  }

  async control(
    method: 'closeProducer' | 'pauseProducer' | 'resumeProducer',
    producerId: string,
  ): Promise<void> {
    await this.#session.request(method, { producerId });
  }

  async setConsumerPaused(consumerId: string, paused: boolean): Promise<void> {
    await this.#session.request(paused ? 'pauseConsumer' : 'resumeConsumer', { consumerId });
  }

  async setConsumerPreferredLayers(
    consumerId: string,
    layers: { spatialLayer: number; temporalLayer?: number },
  ): Promise<void> {
    await this.#session.request('setConsumerPreferredLayers', { consumerId, ...layers });
  }

  /** The most important first. */
  async setPinnedPeers(peerIds: readonly string[]): Promise<void> {
    await this.#session.request('setPinnedPeers', { peerIds });
  }

  async changeDisplayName(displayName: string): Promise<void> {
    await this.#session.request('changeDisplayName', { displayName });
  }
}

function record(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw new FleetClientError('PROTOCOL_ERROR', 'the server answered without data');
}

function text(answer: Record<string, unknown>, field: string): string {
  const value = answer[field] ?? answer.id;
  if (typeof value === 'string') return value;
  throw new FleetClientError('PROTOCOL_ERROR', `the server answered without ${field}`);
}
