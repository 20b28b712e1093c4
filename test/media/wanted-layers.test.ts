import type { RtpPeer } from '../../local/load/rtp-peer';
import { sendVp8, vp8Parameters, type RunningStream } from '../../local/load/rtp-streams';
import type { MediaPort } from '../../node-app/media/media-port';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { startMediaNode } from '../helpers/media-node';
import { SharedNodes } from '../helpers/shared-nodes';

const SSRCS = [1_001, 1_002, 1_003];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Sends simulcast of three layers, and does as it is told. */
class Publisher {
  readonly #streams = new Map<number, RunningStream>();

  private constructor(
    readonly client: DemoClient,
    private readonly media: RtpPeer,
    readonly producerId: string,
  ) {}

  static async join(port: MediaPort): Promise<Publisher> {
    const client = await DemoClient.join(port, { peerId: 'publisher', generation: 'current' });
    const media = await client.connectMedia(client.sendTransport);
    const producerId = await client.produce('video', vp8Parameters(SSRCS));
    const publisher = new Publisher(client, media, producerId);
    publisher.send(2);
    closers.push(
      () => media.close(),
      () => publisher.send(-1),
    );
    return publisher;
  }

  /** The layers up to this one. */
  send(topLayer: number): void {
    for (const [layer, ssrc] of SSRCS.entries()) {
      if (layer > topLayer) {
        this.#streams.get(layer)?.stop();
        this.#streams.delete(layer);
      } else if (!this.#streams.has(layer)) {
        this.#streams.set(layer, sendVp8({ peer: this.media, ssrc }));
      }
    }
  }

  /** What it was told, oldest first. */
  get wanted(): number[] {
    return this.client.peer
      .notifications('producerLayersWanted')
      .map(({ spatialLayer }) => Number(spatialLayer));
  }

  wants(...layers: number[]): Promise<unknown> {
    return eventually(() => this.wanted.join() === layers.join(), { timeoutMs: 20_000 });
  }
}

async function viewer(port: MediaPort, peerId: string, spatialLayer: number): Promise<DemoClient> {
  const client = await DemoClient.join(port, { peerId, generation: 'current' });
  const media = await client.connectMedia(client.receiveTransport);
  closers.push(() => media.close());
  await eventually(() => client.consumers().length === 1);
  await prefer(client, spatialLayer);
  return client;
}

async function prefer(client: DemoClient, spatialLayer: number): Promise<void> {
  const [consumer] = client.consumers();
  await client.control('setConsumerPreferredLayers', { consumerId: consumer?.consumerId, spatialLayer });
}

test('a publisher learns which layer somebody wants at most: less after a while, more at once', async () => {
  const { node } = await startMediaNode();
  closers.push(() => node.close());
  const publisher = await Publisher.join(node);
  const low = await viewer(node, 'low', 0);
  await publisher.wants(0);
  publisher.send(0);
  await prefer(low, 1);
  await publisher.wants(0, 1);
  publisher.send(1);
  const second = await viewer(node, 'second', 2);
  await publisher.wants(0, 1, 2);

  // A paused consumer wants nothing, and with the last of them nobody wants anything.
  const [consumer] = second.consumers();
  await second.control('pauseConsumer', { consumerId: consumer?.consumerId });
  await publisher.wants(0, 1, 2, 1);
  low.peer.leave();
  await publisher.wants(0, 1, 2, 1, -1);
}, 60_000);

test('what is wanted on another node counts as well, also of a layer that is not sent at present', async () => {
  const nodes = await SharedNodes.start(2);
  closers.push(() => nodes.close());
  const publisher = await Publisher.join(nodes.port(0));
  await viewer(nodes.port(0), 'here', 0);
  const far = await viewer(nodes.port(1), 'far', 0);
  await publisher.wants(0);
  publisher.send(0);
  await prefer(far, 2);
  await publisher.wants(0, 2);
  publisher.send(2);
  await prefer(far, 1);
  await publisher.wants(0, 2, 1);
}, 60_000);
