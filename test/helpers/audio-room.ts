import type { types } from 'mediasoup';
import type { RtpPeer } from '../../local/load/rtp-peer';
import { opusParameters, sendOpus, type RunningOpus } from '../../local/load/rtp-streams';
import type { MediaPort } from '../../node-app/media/media-port';
import { DemoClient } from './demo-client';
import { eventually } from './eventually';

/** Levels of a microphone, dBov below full scale. */
export const SILENT = 127;
export const LOUD = 10;
export const QUIET = 60;

export interface TalkerOptions {
  appData?: Record<string, unknown>;
  /** Changes what the client says of its stream. */
  rtpParameters?: (parameters: types.RtpParameters) => types.RtpParameters;
}

/** Somebody who publishes sound. */
export interface Talker {
  client: DemoClient;
  producerId: string;
  stream: RunningOpus;
}

/** The people of a test's room, with real packets. Close it before its node. */
export class AudioRoom {
  readonly #closers: (() => unknown)[] = [];
  #ssrc = 1_000;

  async talker(
    port: MediaPort,
    peerId: string,
    level: number,
    { appData = {}, rtpParameters = (as) => as }: TalkerOptions = {},
  ): Promise<Talker> {
    const client = await DemoClient.join(port, { peerId, generation: 'current' });
    const media = await client.connectMedia(client.sendTransport);
    this.#ssrc += 1;
    const ssrc = this.#ssrc;
    const { producerId } = await client.peer.request<{ producerId: string }>('produce', {
      transportId: client.sendTransport?.id,
      kind: 'audio',
      rtpParameters: rtpParameters(opusParameters(ssrc)),
      appData,
    });
    const stream = sendOpus({ peer: media, ssrc, level });
    this.#closers.push(
      () => stream.stop(),
      () => media.close(),
    );
    return { client, producerId, stream };
  }

  async listener(port: MediaPort, peerId: string): Promise<Listener> {
    const client = await DemoClient.join(port, { peerId, generation: 'current' });
    const media = await client.connectMedia(client.receiveTransport);
    this.#closers.push(() => media.close());
    return new Listener(client, media);
  }

  async close(): Promise<void> {
    await Promise.all(this.#closers.splice(0).map((close) => close()));
  }
}

/** Somebody who receives, and what comes in. */
export class Listener {
  constructor(
    readonly client: DemoClient,
    private readonly media: RtpPeer,
  ) {}

  packetsOf({ producerId }: Talker): number {
    const consumer = this.client.consumers().find((one) => one.producerId === producerId);
    const [encoding] = consumer?.rtpParameters.encodings ?? [];
    return this.media.packetsBySsrc.get(encoding?.ssrc ?? 0) ?? 0;
  }

  consumerOf({ producerId }: Talker): string {
    return this.client.consumers().find((one) => one.producerId === producerId)?.consumerId ?? '';
  }

  /** Who is received, over a time of `ms`. */
  async hears(talkers: readonly Talker[], ms = 500): Promise<string[]> {
    const before = talkers.map((one) => this.packetsOf(one));
    await new Promise((resolve) => setTimeout(resolve, ms));
    return talkers
      .filter((one, index) => this.packetsOf(one) - (before[index] ?? 0) > 3)
      .map(({ client }) => client.peerId);
  }

  /** Waits until exactly these are received, in the order of `talkers`. */
  async hearsOnly(talkers: readonly Talker[], ...peerIds: string[]): Promise<void> {
    await eventually(async () => (await this.hears(talkers)).join() === peerIds.join(), {
      timeoutMs: 15_000,
    });
  }
}
