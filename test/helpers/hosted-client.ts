import type { RtpPacket } from 'werift';
import type { RtpPeer } from '../../local/load/rtp-peer';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
  type Vp8StreamOptions,
} from '../../local/load/rtp-streams';
import { DemoClient } from './demo-client';
import { eventually } from './eventually';
import { GatewayPort } from './gateway-port';
import type { NodeHosts, NodeHost } from './node-hosts';

export interface HostedClientOptions {
  roomId: string;
  peerId: string;
  /** Whose gateway it connects to. */
  through: NodeHost;
  /** Sends audio and video of one small layer. @default true */
  publishes?: boolean;
  /** Of its video: one packet of 200 bytes each frame, unless it says so. */
  video?: Partial<Vp8StreamOptions>;
  /** Where it reaches its media node. @default where its candidates say */
  mediaAddress?: string;
}

/** What came of one stream of somebody else. */
interface Reception {
  packets: number;
  lastAtMs: number;
  longestGapMs: number;
  sequenceNumbers: number[];
}

let ssrcs = 1_000;

/** True, or it says what is missing and what is too much. */
function sameLists(what: string, found: readonly string[], wanted: readonly string[]): true {
  const [a, b] = [found, wanted].map((list) => list.toSorted().join(' '));
  if (a === b) return true;
  throw new Error(`${what} ${a}; and not ${b}`);
}

/**
 * People `p0`, `p1`, … come one after the other, and get the nodes with these ids. Each comes through the gateway of its
 * node, so that what happens to another one doesn't concern its connection. @throws Error when placement decides otherwise
 */
export async function joinInOrder(
  hosts: NodeHosts,
  roomId: string,
  nodeIds: readonly string[],
): Promise<HostedClient[]> {
  const clients: HostedClient[] = [];
  for (const [index, nodeId] of nodeIds.entries()) {
    const through = hosts.byId(nodeId);
    const client = await HostedClient.join(hosts, { roomId, peerId: `p${index}`, through });
    clients.push(client);
    if (client.nodeId !== nodeId) throw new Error(`${client.peerId} is on ${client.nodeId}, not ${nodeId}`);
  }
  return clients;
}

/** Everybody is told of every other one once, has each of their streams once, and packets of them come. */
export async function allSeeAndHearAll(clients: readonly HostedClient[]): Promise<void> {
  for (const client of clients) {
    const rest = clients.map(({ peerId }) => peerId).filter((peerId) => peerId !== client.peerId);
    const streams = clients.filter((other) => other !== client).flatMap(({ sends }) => sends);
    const { peerId } = client;
    await eventually(() => sameLists(`${peerId} knows`, client.others(), rest));
    await eventually(() => sameLists(`${peerId} has`, client.streams(), streams));
    const before = new Map(streams.map((stream) => [stream, client.packets(stream)]));
    const flowing = (stream: string) => client.packets(stream) > (before.get(stream) ?? 0) + 10;
    await eventually(() => sameLists(`${peerId} receives`, streams.filter(flowing), streams));
  }
}

/** A client of nodes on hosts, with synthetic media: knows who is there, which streams it gets, and how they flow. */
export class HostedClient {
  /** Its own streams, as the others know them. */
  readonly sends: string[] = [];
  readonly #streams: RunningStream[] = [];
  readonly #mediaPeers: RtpPeer[] = [];
  #sender: RtpPeer | undefined;
  #left = false;
  /** By who sends and what: `ada/audio`. */
  readonly #received = new Map<string, Reception>();

  private constructor(
    readonly client: DemoClient,
    /** On which its media is. */
    readonly nodeId: string,
    private readonly foundAtJoin: string[],
    private readonly media: Pick<HostedClientOptions, 'video' | 'mediaAddress'>,
  ) {}

  static async join(hosts: NodeHosts, options: HostedClientOptions): Promise<HostedClient> {
    const { roomId, peerId, through, publishes = true } = options;
    const query = { token: hosts.token, produce: publishes ? '1' : '0' };
    const port = new GatewayPort({ url: through.url, query, resumes: true });
    const demo = await DemoClient.open(port, { roomId, peerId, generation: 'current' });
    const { peers } = await demo.enter();
    const found = (peers as { peerId: string }[]).map((peer) => peer.peerId);
    const client = new HostedClient(demo, port.opened?.mediaNodeId ?? '', found, options);
    await client.#receive();
    if (publishes) await client.publish();
    return client;
  }

  get peerId(): string {
    return this.client.peerId;
  }

  /** The others, as it was told; one who was told of twice stands there twice. */
  others(): string[] {
    const peers = [...this.foundAtJoin];
    for (const { method, data } of this.client.peer.seen) {
      if (method === 'newPeer') peers.push((data.peer as { peerId: string }).peerId);
      const at = method === 'peerClosed' ? peers.indexOf(String(data.peerId)) : -1;
      if (at >= 0) peers.splice(at, 1);
    }
    return peers.sort();
  }

  /** Streams that it consumes at present: `ada/audio`. One that it got twice stands there twice. */
  streams(): string[] {
    return this.#consumers()
      .map(({ key }) => key)
      .sort();
  }

  /** The ids of what it consumes at present, by stream. */
  producerIds(): Map<string, string> {
    return new Map(this.#consumers().map(({ key, producerId }) => [key, producerId]));
  }

  /** Packets of that stream so far, over all consumers. */
  packets(stream: string): number {
    return this.#received.get(stream)?.packets ?? 0;
  }

  /** Gaps and sequence numbers are counted from now on. */
  startGaps(): void {
    for (const reception of this.#received.values()) {
      reception.lastAtMs = performance.now();
      reception.longestGapMs = 0;
      reception.sequenceNumbers.length = 0;
    }
  }

  /** The longest time between two packets of that stream since `startGaps`, up to now, milliseconds. */
  longestGapMs(stream: string): number {
    const { lastAtMs = -Infinity, longestGapMs = 0 } = this.#received.get(stream) ?? {};
    return Math.max(longestGapMs, performance.now() - lastAtMs);
  }

  /** Of the packets of that stream since `startGaps`, in the order in which they came. */
  sequenceNumbers(stream: string): readonly number[] {
    return this.#received.get(stream)?.sequenceNumbers ?? [];
  }

  /** Sends audio and video of one small layer, beside what it sends already. */
  async publish(): Promise<void> {
    let peer = this.#sender;
    if (peer === undefined) {
      peer = this.#sender = await this.client.connectMedia(
        this.client.sendTransport,
        this.media.mediaAddress,
      );
      this.#mediaPeers.push(peer);
    }
    const [audio, video] = [(ssrcs += 1), (ssrcs += 1)];
    await this.client.produce('audio', opusParameters(audio));
    this.#run(sendOpus({ peer, ssrc: audio }));
    await this.client.produce('video', vp8Parameters([video]));
    this.#run(sendVp8({ peer, ssrc: video, payloadBytes: 200, ...this.media.video }));
    this.sends.push(`${this.peerId}/audio`, `${this.peerId}/video`);
  }

  /** Leaves, and takes its media with it. */
  async leave(): Promise<void> {
    this.#left = true;
    this.client.peer.leave();
    for (const stream of this.#streams) stream.stop();
    await Promise.all(this.#mediaPeers.map((peer) => peer.close()));
  }

  /** Unless it has left meanwhile. */
  #run(stream: RunningStream): void {
    if (this.#left) stream.stop();
    else this.#streams.push(stream);
  }

  #consumers() {
    const closed = new Set(
      this.client.peer.notifications('consumerClosed').map(({ consumerId }) => consumerId),
    );
    return this.client
      .consumers()
      .filter(({ consumerId }) => !closed.has(consumerId))
      .map(({ peerId, kind, producerId, rtpParameters }) => ({
        key: `${peerId}/${kind}`,
        producerId,
        ssrc: rtpParameters.encodings?.[0]?.ssrc,
      }));
  }

  async #receive(): Promise<void> {
    const peer = await this.client.connectMedia(this.client.receiveTransport, this.media.mediaAddress);
    this.#mediaPeers.push(peer);
    const keys = new Map<number, string>();
    peer.onPacket(({ header: { ssrc, sequenceNumber } }: RtpPacket) => {
      let key = keys.get(ssrc);
      if (key === undefined) {
        key = this.#consumers().find((one) => one.ssrc === ssrc)?.key;
        if (key === undefined) return;
        keys.set(ssrc, key);
      }
      this.#count(key, sequenceNumber);
    });
  }

  #count(key: string, sequenceNumber: number): void {
    const nowMs = performance.now();
    const seen = this.#received.get(key);
    const reception = seen ?? { packets: 0, lastAtMs: nowMs, longestGapMs: 0, sequenceNumbers: [] };
    reception.packets += 1;
    reception.longestGapMs = Math.max(reception.longestGapMs, nowMs - reception.lastAtMs);
    reception.lastAtMs = nowMs;
    reception.sequenceNumbers.push(sequenceNumber);
    if (!seen) this.#received.set(key, reception);
  }
}
