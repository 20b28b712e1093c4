import type { CapacityVector } from '../../core/capacity/capacity-vector';

/** An entry of RTCPeerConnection's `iceServers`, handed to clients as it is. */
export interface IceServer {
  urls: string | string[];
  username?: string;
  credential?: string;
}

/** How the media side of a node runs. Parsed and validated by the node's configuration. */
export interface MediaOptions {
  /** Path of the mediasoup-worker binary. */
  workerBin: string;
  /** Worker processes, one per core. */
  workers: number;
  /** Address that workers bind, e.g. `0.0.0.0`. */
  listenIp: string;
  /** Address (or host name) that clients reach this node's media under. @default listenIp */
  announcedAddress?: string | undefined;
  /** Address (or host name) under which other nodes reach the pipes of this one. @default announcedAddress */
  pipeAnnouncedAddress?: string | undefined;
  /** UDP and TCP port of the first worker; worker i has `portBase + i`. 0: any free ports (tests). */
  portBase: number;
  /** UDP ports of pipes and of broadcasters' plain transports. @default any of mediasoup's own range */
  plainPortRange?: { min: number; max: number } | undefined;
  /** What the node can safely carry. */
  capacity: CapacityVector;
  /**
   * Network interfaces that this node alone sends through; `all`: all but the loopback. They stand in for the
   * egress meter when it fails. @default none: they are only shown, since other nodes may share them
   */
  egressInterfaces?: 'all' | readonly string[] | undefined;
  /** Given to clients with each transport. @default none */
  iceServers?: readonly IceServer[];
  /** Bits per second that a client may send per transport. @default unlimited */
  maxIncomingBitrate?: number | undefined;
  /**
   * Where the outgoing bandwidth estimate begins, bits per second. @default 1 000 000, mediasoup-demo's value: with
   * mediasoup's own 600 000 a 720p layer is reached later
   */
  initialAvailableOutgoingBitrate?: number;
  limits?: Partial<PeerLimits>;
  /** Peers that one room takes on this node. @default 1 000 */
  maxPeersPerRoom?: number;
  /** Above so many people in a room, those who send nothing are counted and not listed. @default 200 */
  maxListedPeers?: number;
  /** A peer that has not joined after this many milliseconds is closed. @default 10 000, as mediasoup-demo */
  joinTimeoutMs?: number;
  /** Whether peers see each other's addresses, as in mediasoup-demo. @default false */
  showRemoteAddresses?: boolean;
  /** How many microphones of a room are heard at once: the loudest. 0: all. @default 3 */
  heardSpeakers?: number;
  /** Of how many publishers a subscriber receives the camera: those it pinned, who spoke last, who came first. @default 0: all */
  lastN?: number;
}

/** How much one peer may allocate. */
export interface PeerLimits {
  /** @default 6: a send and a receive transport, each replaced twice before the old ones are gone */
  transports: number;
  /** @default 20 */
  producers: number;
  /** @default 10 */
  dataProducers: number;
}

export const DEFAULT_PEER_LIMITS: PeerLimits = { transports: 6, producers: 20, dataProducers: 10 };
