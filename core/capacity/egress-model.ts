import type { CapacityVector } from './capacity-vector';
import type { RoomOptions } from '../room-options';
import { addVector } from './headroom';

/** What a peer does in a room, as far as placement needs to know. */
export interface PeerRole {
  /** Sends audio and video. */
  publishes: boolean;
  /** Receives the others. */
  subscribes: boolean;
}

/** How many peers of which kind a room has. */
export interface RoomCounts {
  /** All peers. */
  peers: number;
  /** Peers that send. */
  publishers: number;
  /** Peers that receive. */
  subscribers: number;
  /** Peers that do both; each of them receives one stream fewer than the audience does. */
  both: number;
}

/**
 * What one stream costs. The bitrates are those of the project's workload model (docs/architecture.md,
 * "Capacity"): what Chromium's VP8 simulcast sends for the size at which a picture is usually shown.
 */
export interface EgressModelParams {
  /** Video of a subscriber that sees a single picture (1:1, or a broadcast), bits per second. @default 1_700_000 */
  singlePictureBps: number;
  /** Each picture while a subscriber sees few of them, bits per second. @default 500_000 */
  fewPicturesBps: number;
  /** Up to how many pictures are "few". @default 4 (a room of five) */
  fewPictures: number;
  /** The large picture when there are more, bits per second. @default 500_000 */
  speakerBps: number;
  /** Each further picture when there are more, bits per second. @default 150_000 */
  thumbnailBps: number;
  /** One audio stream, bits per second. @default 32_000 (Opus) */
  audioBps: number;
  /** How many audio streams a subscriber receives at most. @default 3: the loudest microphones of a room */
  activeAudio: number;
  /** How many pictures a subscriber receives at most. @default Infinity: all of them are forwarded */
  lastN: number;
  /** RTP, SRTP, UDP and RTCP on top of the media, as a factor. @default 1.06 */
  overheadFactor: number;
  /** Media bits in a video packet. @default 8_000 (Chromium packs about 1,000 bytes) */
  videoPacketBits: number;
  /** Packets per second of one audio stream. @default 50 (20 ms frames) */
  audioPacketsPerSecond: number;
  /**
   * People who are expected but have not come yet are taken as senders up to this number of senders in the
   * room, the others as audience. @default 20 (above 20 people most cameras stay off)
   */
  assumedPublishers: number;
}

/** Microphones of a room that are heard at once, unless the deployment says otherwise. */
export const DEFAULT_HEARD_SPEAKERS = 3;

export const DEFAULT_EGRESS_MODEL: EgressModelParams = {
  singlePictureBps: 1_700_000,
  fewPicturesBps: 500_000,
  fewPictures: 4,
  speakerBps: 500_000,
  thumbnailBps: 150_000,
  audioBps: 32_000,
  activeAudio: DEFAULT_HEARD_SPEAKERS,
  lastN: Number.POSITIVE_INFINITY,
  overheadFactor: 1.06,
  videoPacketBits: 8_000,
  audioPacketsPerSecond: 50,
  assumedPublishers: 20,
};

/** The model of a deployment that forwards so much in each room; 0: all. */
export function egressModelOf({ heardSpeakers, lastN }: Required<RoomOptions>): EgressModelParams {
  return { ...DEFAULT_EGRESS_MODEL, activeAudio: heardSpeakers || Infinity, lastN: lastN || Infinity };
}

export const NO_PEERS: RoomCounts = { peers: 0, publishers: 0, subscribers: 0, both: 0 };

/** `counts` with `times` more peers of that role. */
export function withPeer(counts: RoomCounts, role: PeerRole, times = 1): RoomCounts {
  return {
    peers: counts.peers + times,
    publishers: counts.publishers + (role.publishes ? times : 0),
    subscribers: counts.subscribers + (role.subscribes ? times : 0),
    both: counts.both + (role.publishes && role.subscribes ? times : 0),
  };
}

/** The counts that a room will have once as many people are in it as expected. Never fewer than `counts`. */
export function withExpectedPeers(
  counts: RoomCounts,
  expectedPeers: number,
  params: EgressModelParams = DEFAULT_EGRESS_MODEL,
): RoomCounts {
  const missing = Math.max(0, expectedPeers - counts.peers);
  const senders = Math.min(missing, Math.max(0, params.assumedPublishers - counts.publishers));
  const joined = withPeer(counts, { publishes: true, subscribes: true }, senders);
  return withPeer(joined, { publishes: false, subscribes: true }, missing - senders);
}

/** Video bits per second of one subscriber to whom `publishers` others send. */
function videoBps(publishers: number, params: EgressModelParams): number {
  const pictures = Math.min(publishers, params.lastN);
  if (pictures <= 0) return 0;
  if (pictures === 1) return params.singlePictureBps;
  if (pictures <= params.fewPictures) return params.fewPicturesBps * pictures;
  return params.speakerBps + params.thumbnailBps * (pictures - 1);
}

/**
 * What a room makes its node send: for each subscriber the sum over what it receives. With everybody sending
 * and receiving it is the familiar N × (N − 1). The layer follows from how many pictures a subscriber sees,
 * which in a meeting is the room's size less one. Rounded up to whole units.
 *
 * `core/placement/commands/includes/room-demand.lua` is the same function for Redis; a test holds them equal.
 */
export function roomDemand(
  counts: RoomCounts,
  params: EgressModelParams = DEFAULT_EGRESS_MODEL,
): CapacityVector {
  const audience = counts.subscribers - counts.both;
  const others = Math.max(0, counts.publishers - 1);
  const video = videoBps(counts.publishers, params) * audience + videoBps(others, params) * counts.both;
  const audioStreams =
    Math.min(counts.publishers, params.activeAudio) * audience +
    Math.min(others, params.activeAudio) * counts.both;
  return {
    egressBps: Math.ceil(params.overheadFactor * (video + params.audioBps * audioStreams)),
    packetsPerSecond: Math.ceil(video / params.videoPacketBits + params.audioPacketsPerSecond * audioStreams),
  };
}

/** What the rest of a room means for one of the nodes that hold it. */
export interface CascadeCounts {
  /** Publishers that sit on the room's other nodes. */
  remotePublishers: number;
  /** How many other nodes the room has. */
  otherNodes: number;
}

/** A room that one node holds. */
export const NO_CASCADE: CascadeCounts = { remotePublishers: 0, otherNodes: 0 };

/**
 * What a node sends to the other nodes of a room: each of its publishers once to each of them, with audio and the layer
 * that somebody there is likely to watch. Rounded up to whole units.
 *
 * `core/placement/commands/includes/pipe-demand.lua` is the same function for Redis; a test holds them equal.
 * @param publishers those that sit on this node
 * @param cascade the room's other nodes
 */
export function pipeDemand(
  publishers: number,
  cascade: CascadeCounts,
  params: EgressModelParams = DEFAULT_EGRESS_MODEL,
): CapacityVector {
  const { remotePublishers, otherNodes } = cascade;
  // What most receivers see: everybody but themselves.
  const pictures = Math.min(Math.max(1, publishers + remotePublishers - 1), params.lastN);
  const pictureBps = pictures <= 0 ? 0 : pictures === 1 ? params.singlePictureBps : params.fewPicturesBps;
  const video = pictureBps * publishers * otherNodes;
  const audioStreams = Math.min(publishers, params.activeAudio) * otherNodes;
  return {
    egressBps: Math.ceil(params.overheadFactor * (video + params.audioBps * audioStreams)),
    packetsPerSecond: Math.ceil(video / params.videoPacketBits + params.audioPacketsPerSecond * audioStreams),
  };
}

/**
 * What a room makes one of its nodes send: to the subscribers there, who receive the publishers of all nodes, and to the
 * other nodes. Without those it is `roomDemand`.
 * @param counts the peers on this node
 */
export function partDemand(
  counts: RoomCounts,
  cascade: CascadeCounts,
  params: EgressModelParams = DEFAULT_EGRESS_MODEL,
): CapacityVector {
  const publishers = counts.publishers + cascade.remotePublishers;
  return addVector(
    roomDemand({ ...counts, publishers }, params),
    pipeDemand(counts.publishers, cascade, params),
  );
}

/** Bits on the wire per packet of video; turns headroom in packets into bits per second. */
export function bitsPerPacket(params: EgressModelParams = DEFAULT_EGRESS_MODEL): number {
  return params.overheadFactor * params.videoPacketBits;
}
