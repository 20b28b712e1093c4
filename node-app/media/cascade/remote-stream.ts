import type { Lane } from './pipe-signalling';

/**
 * A stream that is published on another node, as its announcement tells. `RoomRouter.reachRemote` and
 * `reachRemoteData` bring it within reach.
 */
export interface RemoteStream {
  /** Where its publisher is. */
  readonly nodeId: string;
  /** mediasoup's id of the router at which the publisher sits (`RoomRouter.id`). */
  readonly routerId: string;
  /** Of the (data) producer. */
  readonly id: string;
  /** As `laneOf` has it at the publisher's node; data always takes `whole`. */
  readonly lane: Lane;
  /** Withdrawn by its node: a pull that fails isn't tried again. */
  readonly closed: boolean;
}
