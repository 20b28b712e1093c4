import type { types } from 'mediasoup';
import type { Generation } from '../../../core/protocol/demo/generation';
import type { PeerInfo } from '../../../core/protocol/demo/peer-info';
import type { IceServer } from '../media-options';

/** How one generation of mediasoup-demo's protocol says what the server has to say. */
export interface Dialect {
  readonly generation: Generation;
  /** Whether its clients expect `downlinkBwe`; following the estimate costs a worker message per change. */
  readonly followsDownlinkBwe: boolean;

  version(version: string): ServerNotification;
  newPeer(peer: PeerInfo): ServerNotification;
  consumerLayersChanged(consumerId: string, layers: types.ConsumerLayers | undefined): ServerNotification;
  /** Who speaks, loudest first; empty: silence. */
  speaking(speakers: readonly Speaker[]): ServerNotification[];
  dominantSpeaker(peerId: string): ServerNotification[];
  newConsumer(consumer: NewConsumer): unknown;
  newDataConsumer(dataConsumer: NewDataConsumer): unknown;

  routerRtpCapabilities(capabilities: types.RtpCapabilities): unknown;
  /** @param audience how many others there are who aren't listed */
  joined(peers: readonly PeerInfo[], audience: number): unknown;
  transportCreated(transport: CreatedTransport): unknown;
  iceRestarted(iceParameters: types.IceParameters): unknown;
  producerCreated(producerId: string): unknown;
  dataProducerCreated(dataProducerId: string): unknown;
  stats(stats: readonly unknown[]): unknown;
}

export interface ServerNotification {
  method: string;
  data: object;
}

export interface Speaker {
  peerId: string;
  /** dBov, −127 to 0. */
  volume: number;
}

export interface CreatedTransport {
  id: string;
  iceParameters: types.IceParameters;
  iceCandidates: types.IceCandidate[];
  dtlsParameters: types.DtlsParameters;
  sctpParameters: types.SctpParameters | undefined;
  /** Absent when none are configured. */
  iceServers: readonly IceServer[] | undefined;
}

export interface NewConsumer {
  /** Whose producer it is. */
  peerId: string;
  /** The node on which it is published; undefined: this one. A field of ours, which old clients ignore. */
  publisherNodeId: string | undefined;
  transportId: string;
  consumer: types.Consumer;
}

export interface NewDataConsumer {
  peerId: string;
  transportId: string;
  dataConsumer: types.DataConsumer;
}
