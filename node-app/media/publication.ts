import type { types } from 'mediasoup';
import type { ListedCodec } from '../../core/protocol/room-link';
import type { Hold } from './cascade/shared-pulls';
import type { Reached, RoomRouter } from './room-router';

/** A stream that somebody publishes, as those who may receive it see it; its producer is here or on another node. */
export interface Publication {
  /** Of the producer, the same in every router. */
  readonly id: string;
  /** Of the node from which it comes by a pipe; undefined: it is published here. */
  readonly nodeId?: string | undefined;
  readonly kind: types.MediaKind;
  readonly appData: types.AppData;
  readonly closed: boolean;
  readonly codecs: readonly ListedCodec[];
  /** A microphone whose loudness is known: in large rooms only the loudest of them are forwarded. */
  readonly isMicrophone: boolean;
  /** False for who surely can't; what is pulled from elsewhere is asked again once it is here. */
  mayBeConsumed(rtpCapabilities: types.RtpCapabilities): boolean;
  /**
   * Brings it within reach of that router's peers, for as long as it is held.
   * @throws FleetError FLEET_ERR_NOT_FOUND when it has closed, FLEET_ERR_PIPE_CLOSED when it can't be reached
   */
  reachFrom(router: RoomRouter): Promise<Hold<Reached>>;
}

/** As `Publication`, for data. */
export interface DataPublication {
  readonly id: string;
  readonly label: string;
  readonly appData: types.AppData;
  readonly closed: boolean;
  reachFrom(router: RoomRouter): Promise<Hold<types.DataProducer>>;
}
