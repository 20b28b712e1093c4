import type { Logger } from 'pino';
import type { Clock } from '../../../core/clock';
import type { PipeMessage } from '../../../core/protocol/pipe';
import type { PipeDetail } from '../../../core/protocol/room-detail';
import type { Lane, PipeSinkPort, PipeSourcePort } from './pipe-signalling';

/** A router of the room on another node. */
export interface RemoteRouter {
  nodeId: string;
  /** mediasoup's id of the router at which the publisher sits: its node announces it with what is published. */
  routerId: string;
}

/**
 * A stream that is published on another node, as its announcement tells. `RoomRouter.reachRemote` and
 * `reachRemoteData` bring it within reach.
 */
export interface RemoteStream extends RemoteRouter {
  /** Of the (data) producer. */
  readonly id: string;
  /** As `laneOf` has it at the publisher's node; data always takes `whole`. */
  readonly lane: Lane;
  /** Withdrawn by its node: a pull that fails isn't tried again. */
  readonly closed: boolean;
}

export interface RemotePipesOptions {
  /** Of this node. */
  nodeId: string;
  /** Gives a message to the channel to that node; it never throws. Not called between `suspend` and `resume`. */
  send: (toNodeId: string, message: PipeMessage) => void;
  /** The source end at a router of this room here (`RoomRouter.openSource`); undefined: there is no such router. */
  openLocalSource: (routerId: string, sink: PipeSinkPort) => PipeSourcePort | undefined;
  /** Round trip to a node, milliseconds. @default unknown */
  rttMs?: (nodeId: string) => number | undefined;
  /** Routers of other nodes that one stream is sent to from here, at most. @default FAN_OUT_LIMIT */
  fanOutLimit?: number;
  clock: Clock;
  logger: Logger;
  /** @default a UUID */
  randomId?: () => string;
}

/** Routers of other nodes that get one stream from the same router, at most; the next ones get it from these. */
export const FAN_OUT_LIMIT = 10;

/** The pipes of one room between this node and others: the ends that are here, and what they say to those there. */
export class RemotePipes {
  constructor(_options: RemotePipesOptions) {}

  /** The far router's source end, as a port of this node. Its calls fail with FLEET_ERR_PIPE_CLOSED when it is lost. */
  openSource(_from: RemoteRouter, _sink: PipeSinkPort, _sinkRouterId: string): PipeSourcePort {
    throw new Error('to come');
  }

  /** A message of another node's RemotePipes of this room, as it was parsed from JSON. Never throws. */
  handle(_fromNodeId: string, _message: unknown): void {}

  /** The channel to that node is down, and may be back within the grace, which the caller keeps. Idempotent. */
  suspend(_nodeId: string): void {}

  /** It is back: what waited is sent, and the ends tell each other how things are. Idempotent. */
  resume(_nodeId: string): void {}

  /** Closes all pipes with that node. Idempotent; a message from it later begins anew. */
  nodeLost(_nodeId: string): void {}

  /** What is sent from here to other nodes. Measures, so it is for who asks. Never rejects. */
  describe(): Promise<PipeDetail[]> {
    return Promise.resolve([]);
  }

  /** Idempotent. */
  close(): void {}
}
