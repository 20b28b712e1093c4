import type { RtpPeer } from '../../local/load/rtp-peer';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
} from '../../local/load/rtp-streams';
import { DemoClient, type DemoConsumer } from './demo-client';
import { eventually } from './eventually';
import { GatewayPort } from './gateway-port';

export interface MigratingClientOptions {
  /** Of its gateway. */
  url: string;
  roomId: string;
  peerId: string;
  /** @default true */
  publishes?: boolean;
  /** @default true */
  subscribes?: boolean;
  /** Further parameters of the query. */
  query?: Record<string, string>;
}

/** One session of it, with its media. */
export interface ClientSession {
  port: GatewayPort;
  demo: DemoClient;
  receiver: RtpPeer | undefined;
  sender: RtpPeer | undefined;
  streams: RunningStream[];
  /** Whom it found in the room. */
  found: string[];
}

let ssrcs = 50_000;

/** A client with synthetic media that migrates as the SDK does, when the test lets it. */
export class MigratingClient {
  /** The first one, the one to which it migrated, … */
  readonly sessions: ClientSession[] = [];

  private constructor(readonly options: MigratingClientOptions) {}

  static async join(options: MigratingClientOptions): Promise<MigratingClient> {
    const client = new MigratingClient(options);
    await client.begin({ query: { migrate: '1', ...options.query } });
    if (options.publishes !== false) await client.publish();
    return client;
  }

  get peerId(): string {
    return this.options.peerId;
  }

  get current(): ClientSession {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error(`${this.peerId} has no session`);
    return session;
  }

  /** On which its media is. */
  get nodeId(): string {
    return this.current.port.opened?.mediaNodeId ?? '';
  }

  /** It was asked to migrate, so many times over all its sessions. */
  get asked(): number {
    return this.sessions.reduce((sum, { demo }) => sum + demo.peer.notifications('migrateSession').length, 0);
  }

  /** What it consumes in a session at present, in order. */
  consumers(session = this.current): DemoConsumer[] {
    const closed = new Set(session.demo.peer.notifications('consumerClosed').map((data) => data.consumerId));
    return session.demo.consumers().filter(({ consumerId }) => !closed.has(consumerId));
  }

  /** Packets of what that peer sends, over all consumers and sessions. */
  packetsOf(peerId: string, kind: 'audio' | 'video'): number {
    let packets = 0;
    for (const { demo, receiver } of this.sessions) {
      for (const consumer of demo.consumers()) {
        const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0;
        if (consumer.peerId === peerId && consumer.kind === kind)
          packets += receiver?.packetsBySsrc.get(ssrc) ?? 0;
      }
    }
    return packets;
  }

  /** Resolves once packets of that peer's sound and picture have come, from now on. */
  async receives(peerId: string): Promise<void> {
    for (const kind of ['audio', 'video'] as const) {
      const before = this.packetsOf(peerId, kind);
      await eventually(() => this.packetsOf(peerId, kind) > before + 10);
    }
  }

  /** The longest time for which no packet of that peer's sound came while `action` ran, milliseconds. */
  async longestGap(peerId: string, action: () => Promise<void>): Promise<number> {
    let [longest, packets, at] = [0, this.packetsOf(peerId, 'audio'), performance.now()];
    const look = () => {
      const now = performance.now();
      const seen = this.packetsOf(peerId, 'audio');
      if (seen > packets) [packets, at] = [seen, now];
      longest = Math.max(longest, now - at);
    };
    const timer = setInterval(look, 5);
    try {
      await action();
      look();
    } finally {
      clearInterval(timer);
    }
    return longest;
  }

  /** It gives the session up to which it was about to migrate, and stays. */
  async stay(): Promise<void> {
    const given = this.sessions.pop();
    if (given === undefined || this.sessions.length === 0)
      throw new Error(`${this.peerId} has nothing to give up`);
    given.demo.peer.leave();
    await this.endMedia(given);
    await this.current.demo.peer.request('migrationFailed', { code: 'MEDIA_FAILED' });
  }

  /** Opens the session to which it was asked to migrate, and joins; not more. */
  async arrive({ url = this.options.url, slots = this.slots() } = {}): Promise<ClientSession> {
    const migrateFrom = this.current.port.opened?.resumeToken ?? '';
    return this.begin({ url, query: { migrate: '1', migrateFrom }, slots });
  }

  /** The whole way, as soon as it is asked. */
  async migrate(): Promise<void> {
    const before = this.asked;
    await eventually(
      () => this.asked > (before === this.sessions.length ? before : this.sessions.length - 1),
    );
    const earlier = this.current;
    await this.arrive();
    if (this.options.publishes !== false) await this.publish();
    // What it received before it receives here.
    await eventually(() => this.consumers().length >= this.consumers(earlier).length);
    await this.current.demo.peer.request('takeOver');
  }

  /** Audio, and video of one small layer. */
  async publish(): Promise<void> {
    const session = this.current;
    const { demo, streams } = session;
    const peer = (session.sender ??= await demo.connectMedia(demo.sendTransport));
    const [audio, video] = [(ssrcs += 1), (ssrcs += 1)];
    await demo.produce('audio', opusParameters(audio));
    streams.push(sendOpus({ peer, ssrc: audio }));
    await demo.produce('video', vp8Parameters([video]));
    streams.push(sendVp8({ peer, ssrc: video, payloadBytes: 200 }));
  }

  /** The places of its receiving connection, in order. */
  slots(session = this.current): { mid: string; producerId: string }[] {
    return this.consumers(session).map(({ producerId, rtpParameters }) => ({
      mid: rtpParameters.mid ?? '',
      producerId,
    }));
  }

  /** Leaves with all its sessions. Idempotent. */
  async leave(): Promise<void> {
    for (const session of this.sessions) {
      session.demo.peer.leave();
      await this.endMedia(session);
    }
  }

  /** What it sent and received in that session is over. */
  async endMedia({ streams, receiver, sender }: ClientSession): Promise<void> {
    for (const stream of streams.splice(0)) stream.stop();
    await receiver?.close();
    await sender?.close();
  }

  private async begin(how: {
    url?: string;
    query: Record<string, string>;
    slots?: object[];
  }): Promise<ClientSession> {
    const { roomId, peerId, publishes = true, subscribes = true } = this.options;
    const query = { ...how.query, produce: publishes ? '1' : '0', consume: subscribes ? '1' : '0' };
    const port = new GatewayPort({ url: how.url ?? this.options.url, query });
    const demo = await DemoClient.open(port, { roomId, peerId, generation: 'current' });
    const session: ClientSession = {
      port,
      demo,
      receiver: undefined,
      sender: undefined,
      streams: [],
      found: [],
    };
    this.sessions.push(session);
    try {
      const answer = await demo.enter(how.slots === undefined ? {} : { slots: how.slots });
      session.found = (answer.peers as { peerId: string }[]).map((peer) => peer.peerId);
      if (subscribes) session.receiver = await demo.connectMedia(demo.receiveTransport);
      return session;
    } catch (error) {
      this.sessions.pop();
      throw error;
    }
  }
}
