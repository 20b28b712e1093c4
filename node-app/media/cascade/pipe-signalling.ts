import type { types } from 'mediasoup';
import type { WantedLayers } from '../../../core/cascade/layer-demand';

/**
 * What the two ends of a pipe say to each other. Parameters and answers are JSON: the ends may be in one process or on
 * two nodes. Whoever carries the messages keeps their order in each direction, and closes the end that it serves when
 * the other is gone.
 *
 * A pipe goes one way, from the router whose peers publish (the source) to the one whose peers want it (the sink). The
 * sink asks for all that happens, so that two routers that begin with each other at once have two pipes and nothing to
 * agree on.
 */
export interface PipeSourcePort {
  /** Creates this lane's transport toward the sink's, in place of the one before. */
  openLane(lane: Lane, sinkEnd: LaneEnd): Promise<LaneEnd>;
  /**
   * Prepares to send a producer over its lane; nothing flows before `want`.
   * @param insists who was named for it doesn't pass it on
   * @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_BAD_REQUEST when the lane isn't open, or not the producer's
   */
  pull(producerId: string, lane: Lane, insists?: boolean): Promise<PulledMedia>;
  /** Sends a data producer; `insists` as of `pull`. @throws FleetError FLEET_ERR_NOT_FOUND */
  pullData(dataProducerId: string, insists?: boolean): Promise<PulledData>;
  /** What is wanted now, all of it. On the whole lane any layer means all. */
  want(producerId: string, wanted: WantedLayers): void;
  /** Bytes that this lane has sent, as a check of what arrives. @throws FleetError FLEET_ERR_BAD_REQUEST as `pull` */
  bytesSent(lane: Lane): Promise<number>;
  /** No longer wanted. A (data) producer that isn't pulled is no error: it may have closed at the same time. */
  drop(id: string): void;
  /** Idempotent. */
  close(): void;
}

/** What a source tells its sink. */
export interface PipeSinkPort {
  producerPaused(producerId: string): void;
  producerResumed(producerId: string): void;
  /** Which spatial layers the publisher sends at present. */
  liveLayersChanged(producerId: string, spatialLayers: readonly number[]): void;
  /** A (data) producer is gone. */
  producerClosed(id: string): void;
  /** Idempotent. */
  close(): void;
}

/**
 * `whole`: everything that a producer sends, between two PipeTransports: audio, single streams, AV1, data channels.
 * `layered`: chosen layers of simulcast and SVC (`lane-of.ts`), since a PipeTransport sends all of them.
 */
export type Lane = 'whole' | 'layered';

/** Where one end of a lane receives, and the key of what it sends. */
export interface LaneEnd {
  ip: string;
  port: number;
  srtpParameters: types.SrtpParameters;
}

/** What the sink needs to produce the same thing in its router. */
export interface PulledMedia {
  kind: types.MediaKind;
  rtpParameters: types.RtpParameters;
  paused: boolean;
  /** Spatial layers that the publisher sends at present; of use on the layered lane only. */
  liveLayers: readonly number[];
  appData: types.AppData;
}

export interface PulledData {
  sctpStreamParameters: types.SctpStreamParameters;
  label: string;
  protocol: string;
  appData: types.AppData;
}
