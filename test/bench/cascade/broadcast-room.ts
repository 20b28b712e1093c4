import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import { opusParameters, vp8Parameters, type RunningStream } from '../../../local/load/rtp-streams';
import type { RtpPeer } from '../../../local/load/rtp-peer';
import { DemoClient } from '../../helpers/demo-client';
import { eventually } from '../../helpers/eventually';
import { SharedNodes } from '../../helpers/shared-nodes';
import { TestPeer } from '../../helpers/test-peer';
import { SRTP_PARAMETERS } from '../forwarding/messages';
import { sendCamera, sendMicrophone } from './camera';
import { measureForwarding, type ForwardingUse } from './forwarding-use';
import { sinkCapabilities } from './sink-viewers';

const ROOM_ID = 'broadcast';
const VIDEO_SSRCS = [1_001, 1_002, 1_003];
const AUDIO_SSRC = 2_001;
const SETTLE_TIMEOUT_MS = 30_000;

/** The viewers of one node: a broadcaster of the room with a receiving transport for each. */
interface Audience {
  holder: TestPeer;
  broadcasterId: string;
  consumerIds: string[];
}

/**
 * One room on media nodes with a worker each: a camera with simulcast and a microphone on the first, and on each node as
 * many viewers as wanted, who watch the uppermost layer. Their packets go to the ports of a process that is stopped, so
 * that receiving costs the machine nothing.
 */
export class BroadcastRoom {
  readonly #nodes: SharedNodes;
  readonly #publisher: DemoClient;
  readonly #consumers: ReadonlyMap<string, types.Consumer>;
  readonly #stopFinding: () => void;
  #producerIds: string[] = [];
  #camera: RtpPeer | undefined;
  readonly #streams: RunningStream[] = [];
  readonly #audiences = new Map<number, Audience>();

  private constructor(nodes: SharedNodes, publisher: DemoClient, found: FoundConsumers) {
    this.#nodes = nodes;
    this.#publisher = publisher;
    this.#consumers = found.consumers;
    this.#stopFinding = found.stop;
  }

  static async start(nodeCount: number, maxViewersPerNode: number): Promise<BroadcastRoom> {
    const found = findConsumers();
    const nodes = await SharedNodes.start(nodeCount, {
      capacity: { egressBps: 1e10, packetsPerSecond: 1e6 },
      limits: { transports: maxViewersPerNode },
    });
    try {
      const publisher = await DemoClient.join(nodes.port(0), { ...PEER, peerId: 'publisher' });
      const room = new BroadcastRoom(nodes, publisher, found);
      await room.#publish();
      return room;
    } catch (error) {
      found.stop();
      nodes.close();
      throw error;
    }
  }

  /** Viewers come to a node, one at each of the ports, and get all packets when this returns. */
  async enter(index: number, sinkPorts: readonly number[]): Promise<void> {
    const node = this.#nodes.node(index);
    const holder = await TestPeer.open(this.#nodes.port(index), { ...PEER, peerId: `holder-${index}` });
    const capabilities = await holder.request<{ routerRtpCapabilities: types.RtpCapabilities }>(
      'getRouterRtpCapabilities',
    );
    const rtpCapabilities = sinkCapabilities(capabilities.routerRtpCapabilities);
    await holder.request('join', { displayName: 'holder', device: {} });
    const broadcasterId = `audience-${index}`;
    const call = (operation: Parameters<typeof node.call>[1], params: object) =>
      node.call(ROOM_ID, operation, { broadcasterId, ...params }) as Promise<{ id: string }>;
    await call('createBroadcaster', {
      displayName: 'audience',
      device: { name: 'bench' },
      remoteAddress: '',
      joins: true,
    });
    const audience: Audience = { holder, broadcasterId, consumerIds: [] };
    this.#audiences.set(index, audience);
    // An edge learns from the home what is published.
    await eventually(async () => {
      const listed = await call('listProducers', {});
      return this.#producerIds.every((id) => JSON.stringify(listed).includes(id));
    });
    for (const port of sinkPorts) {
      const { id: transportId } = await call('createTransport', {
        direction: 'consumer',
        rtcpMux: true,
        comedia: false,
        srtpCryptoSuite: SRTP_PARAMETERS.cryptoSuite,
      });
      const address = { ip: '127.0.0.1', port, srtpParameters: SRTP_PARAMETERS };
      await call('connectTransport', { transportId, ...address });
      for (const producerId of this.#producerIds) {
        const { id } = await call('consume', { transportId, producerId, rtpCapabilities });
        audience.consumerIds.push(id);
      }
    }
    const top = VIDEO_SSRCS.length - 1;
    await eventually(
      () =>
        this.#consumersOf(audience).every(
          ({ kind, currentLayers }) => kind === 'audio' || currentLayers?.spatialLayer === top,
        ),
      { timeoutMs: SETTLE_TIMEOUT_MS },
    );
  }

  /** All viewers of a node leave. With them the node leaves the room, if it isn't the publisher's. */
  async leave(index: number): Promise<void> {
    const audience = this.#audiences.get(index);
    if (audience === undefined) throw new RangeError(`nobody watches on node ${index}`);
    this.#audiences.delete(index);
    const { holder, broadcasterId } = audience;
    await this.#nodes.node(index).call(ROOM_ID, 'deleteBroadcaster', { broadcasterId });
    holder.leave();
  }

  /** What the workers of all nodes with viewers do for them, pipes included. */
  measure(windowMs: number): Promise<ForwardingUse> {
    return measureForwarding({
      consumers: [...this.#audiences.values()].flatMap((audience) => this.#consumersOf(audience)),
      workerPids: [...this.#audiences.keys()].flatMap((index) => this.#nodes.node(index).workerPids),
      windowMs,
    });
  }

  async close(): Promise<void> {
    this.#stopFinding();
    for (const stream of this.#streams) stream.stop();
    await this.#camera?.close();
    this.#nodes.close();
  }

  async #publish(): Promise<void> {
    this.#camera = await this.#publisher.connectMedia(this.#publisher.sendTransport);
    this.#producerIds = [
      await this.#publisher.produce('video', vp8Parameters(VIDEO_SSRCS)),
      await this.#publisher.produce('audio', opusParameters(AUDIO_SSRC)),
    ];
    this.#streams.push(...sendCamera(this.#camera, VIDEO_SSRCS), sendMicrophone(this.#camera, AUDIO_SSRC));
  }

  #consumersOf({ consumerIds }: Audience): types.Consumer[] {
    return consumerIds.map((id) => {
      const consumer = this.#consumers.get(id);
      if (consumer === undefined) throw new Error(`no consumer ${id}`);
      return consumer;
    });
  }
}

const PEER = { roomId: ROOM_ID, generation: 'current' } as const;

interface FoundConsumers {
  consumers: ReadonlyMap<string, types.Consumer>;
  stop: () => void;
}

/** Every consumer that is made on workers that start from now on: a node shows its own to nobody. */
function findConsumers(): FoundConsumers {
  const consumers = new Map<string, types.Consumer>();
  const onWorker = (worker: types.Worker): void => {
    worker.observer.on('newrouter', (router) => {
      router.observer.on('newtransport', (transport) => {
        transport.observer.on('newconsumer', (consumer) => {
          consumers.set(consumer.id, consumer);
          consumer.observer.once('close', () => consumers.delete(consumer.id));
        });
      });
    });
  };
  mediasoup.observer.on('newworker', onWorker);
  return { consumers, stop: () => mediasoup.observer.off('newworker', onWorker) };
}
