import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import { eventually } from '../../helpers/eventually';
import { SharedNodes } from '../../helpers/shared-nodes';
import { TestPeer } from '../../helpers/test-peer';
import { AUDIO_PARAMETERS, SRTP_PARAMETERS } from '../forwarding/messages';
import { CAMERA_PARAMETERS } from './camera';
import { measureForwarding, type ForwardingUse } from './forwarding-use';
import { sinkCapabilities } from './router-viewers';

const ROOM_ID = 'broadcast';
const SETTLE_WINDOW_MS = 500;
/** Six is what the uppermost layer has, and 1.8 the next one. */
const SETTLED_VIDEO_PER_AUDIO = 5;

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
  #producerIds: string[] = [];
  readonly #audiences = new Map<number, Audience>();

  private constructor(
    private readonly nodes: SharedNodes,
    private readonly found: FoundConsumers,
  ) {}

  static async start(nodeCount: number, maxViewersPerNode: number): Promise<BroadcastRoom> {
    const found = findConsumers();
    const nodes = await SharedNodes.start(nodeCount, {
      capacity: { egressBps: 1e10, packetsPerSecond: 1e6 },
      limits: { transports: maxViewersPerNode },
    });
    return new BroadcastRoom(nodes, found);
  }

  /** A camera and a microphone on the first node. Answers the port that takes their packets. */
  async publish(): Promise<number> {
    // A room exists with its first peer.
    await this.#join(0, 'host');
    const call = await this.#broadcaster(0, 'publisher');
    const { id: transportId, port } = await call('createTransport', { rtcpMux: true, comedia: true });
    for (const [kind, rtpParameters] of [
      ['video', CAMERA_PARAMETERS],
      ['audio', AUDIO_PARAMETERS],
    ] as const) {
      this.#producerIds.push((await call('produce', { transportId, kind, rtpParameters })).id);
    }
    return port;
  }

  /** Viewers come to a node, one at each of the ports. */
  async enter(index: number, sinkPorts: readonly number[]): Promise<void> {
    const broadcasterId = `audience-${index}`;
    const holder = await this.#join(index, `holder-${index}`);
    const capabilities = await holder.request<{ routerRtpCapabilities: types.RtpCapabilities }>(
      'getRouterRtpCapabilities',
    );
    const rtpCapabilities = sinkCapabilities(capabilities.routerRtpCapabilities);
    const call = await this.#broadcaster(index, broadcasterId);
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
  }

  /**
   * Waits until all watch the uppermost layer: once they have come, or the source sends again. On a busy machine packets
   * get lost, of all streams alike, so what counts is how many of video come to one of sound.
   * @throws Error after a minute
   */
  async allGetTopLayer(): Promise<void> {
    const packetsOf = async (kind: types.MediaKind): Promise<number> => {
      const consumers = this.#consumers().filter((consumer) => consumer.kind === kind);
      return (await measureForwarding({ consumers, workerPids: [], windowMs: SETTLE_WINDOW_MS })).packets;
    };
    await eventually(async () => {
      const [video, audio] = await Promise.all([packetsOf('video'), packetsOf('audio')]);
      return audio > 0 && video / audio >= SETTLED_VIDEO_PER_AUDIO;
    });
  }

  /** All viewers of a node leave. With them the node leaves the room, if it isn't the publisher's. */
  async leave(index: number): Promise<void> {
    const audience = this.#audiences.get(index);
    if (audience === undefined) throw new RangeError(`nobody watches on node ${index}`);
    this.#audiences.delete(index);
    const { holder, broadcasterId } = audience;
    await this.nodes.node(index).call(ROOM_ID, 'deleteBroadcaster', { broadcasterId });
    holder.leave();
  }

  /** What the workers of all nodes with viewers do for them, pipes included. */
  measure(windowMs: number): Promise<ForwardingUse> {
    return measureForwarding({
      consumers: this.#consumers(),
      workerPids: [...this.#audiences.keys()].flatMap((index) => this.nodes.node(index).workerPids),
      windowMs,
    });
  }

  close(): void {
    this.found.stop();
    this.nodes.close();
  }

  async #join(index: number, peerId: string): Promise<TestPeer> {
    const peer = await TestPeer.open(this.nodes.port(index), { roomId: ROOM_ID, peerId });
    await peer.request('join', { displayName: peerId, device: {} });
    return peer;
  }

  /** Answers the function by which it asks for all else. */
  async #broadcaster(index: number, broadcasterId: string) {
    const node = this.nodes.node(index);
    const call = (operation: Parameters<typeof node.call>[1], params: object) =>
      node.call(ROOM_ID, operation, { broadcasterId, ...params }) as Promise<{ id: string; port: number }>;
    const about = { displayName: broadcasterId, device: { name: 'bench' }, remoteAddress: '' };
    await call('createBroadcaster', { ...about, joins: true });
    return call;
  }

  #consumers(): types.Consumer[] {
    const ids = [...this.#audiences.values()].flatMap(({ consumerIds }) => consumerIds);
    return ids.map((id) => {
      const consumer = this.found.consumers.get(id);
      if (consumer === undefined) throw new Error(`no consumer ${id}`);
      return consumer;
    });
  }
}

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
