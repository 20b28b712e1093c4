import type {
  BroadcasterOperation,
  BroadcasterParams,
} from '../../core/protocol/demo/broadcaster-operations';

/**
 * What broadcasters (ffmpeg, GStreamer) ask of the node that holds their room. Parameters and answers are JSON,
 * so a gateway can pass a call on to another node as it is.
 */
export interface BroadcasterPort {
  /**
   * @param params checked against `broadcasterOperations[operation]` by the node that holds the room
   * @throws FleetError FLEET_ERR_NOT_FOUND when the room or an object is not there, FLEET_ERR_BAD_REQUEST, …
   */
  call(roomId: string, operation: BroadcasterOperation, params: unknown): Promise<unknown>;
}

export type BroadcasterHandlers<Context> = {
  [O in BroadcasterOperation]: (context: Context, params: BroadcasterParams<O>) => unknown;
};
