import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/clock';
import { orderHolders, type Holder } from '../../../core/cascade/holder-choice';
import type { PipeDetail } from '../../../core/protocol/room-detail';
import type { PipeAddress } from './lane-transport';
import { PipeFullError } from './pipe-full-error';
import { PipeSink } from './pipe-sink';
import type { PulledProducer } from './pulled-producer';
import type { RemotePipes } from './remote-pipes';
import type { RemoteStream } from './remote-stream';
import { SharedPulls, type Hold } from './shared-pulls';
import { SilentNodes } from './silent-nodes';

export interface RemoteSinksOptions {
  router: types.Router;
  /** Where that node reaches this one. */
  addressFor: (nodeId: string) => PipeAddress;
  pipes: RemotePipes;
  clock: Clock;
  logger: Logger;
}

/** A pipe with a router of another node goes when nothing has come through it for so long. */
const CLOSES_AFTER_IDLE_MS = 10_000;

/**
 * What comes to one router from other nodes: a sink for each of their routers from which it gets something. A stream is
 * asked of its publisher's node, which sends it or names those who do.
 */
export class RemoteSinks {
  readonly #options: RemoteSinksOptions;
  readonly #sinks = new Map<string, { from: Holder; sink: PipeSink }>();
  readonly #silentNodes: SilentNodes;
  readonly #streams: SharedPulls<Hold<PulledProducer>>;
  readonly #dataStreams: SharedPulls<Hold<types.DataProducer>>;

  constructor(options: RemoteSinksOptions) {
    this.#options = options;
    this.#silentNodes = new SilentNodes(options.clock);
    this.#streams = sharedHolds();
    this.#dataStreams = sharedHolds();
  }

  /**
   * @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_PIPE_CLOSED, FLEET_ERR_NODE_UNREACHABLE, FLEET_ERR_PIPE_FULL when
   * none of those who have it passes it on
   */
  async hold({ nodeId, routerId, id, lane }: RemoteStream): Promise<Hold<PulledProducer>> {
    const hold = await this.#streams.hold(id, async () => {
      const pulled = await this.#from({ nodeId, routerId }, id, (sink, insists) =>
        sink.hold({ id, lane, insists }),
      );
      endWith(pulled.value.producer, () => this.#streams.lost(id));
      return pulled;
    });
    return { value: hold.value.value, release: () => hold.release() };
  }

  /** As `hold`. */
  async holdData({ nodeId, routerId, id }: RemoteStream): Promise<Hold<types.DataProducer>> {
    const hold = await this.#dataStreams.hold(id, async () => {
      const pulled = await this.#from({ nodeId, routerId }, id, (sink, insists) =>
        sink.holdData(id, insists),
      );
      endWith(pulled.value, () => this.#dataStreams.lost(id));
      return pulled;
    });
    return { value: hold.value.value, release: () => hold.release() };
  }

  get sinks(): PipeSink[] {
    return Array.from(this.#sinks.values(), ({ sink }) => sink);
  }

  describe(): PipeDetail[] {
    return Array.from(this.#sinks.values(), ({ from, sink }) => ({
      fromNode: from.nodeId,
      producers: sink.describe(),
    }));
  }

  /** As `describe`, with how it fares. */
  async measure(): Promise<PipeDetail[]> {
    return Promise.all(
      Array.from(this.#sinks.values(), async ({ from, sink }) => ({
        fromNode: from.nodeId,
        producers: sink.describe(),
        ...(await sink.measure()),
      })),
    );
  }

  /** @param publisher the router at which it is published */
  async #from<T>(
    publisher: Holder,
    id: string,
    pull: (sink: PipeSink, insists: boolean) => Promise<T>,
  ): Promise<T> {
    try {
      return await pull(await this.#sinkFrom(publisher), false);
    } catch (error) {
      if (!(error instanceof PipeFullError)) throw error;
      const { pipes, logger } = this.#options;
      const holders = orderHolders(error.holders, {
        ownNodeId: pipes.nodeId,
        id,
        rttMs: (nodeId) => pipes.rttMs(nodeId),
        avoid: this.#silentNodes.nodeIds,
      });
      for (const holder of holders) {
        try {
          return await pull(await this.#sinkFrom(holder), false);
        } catch (failure) {
          logger.debug({ err: failure, holder, id }, 'a holder did not pass a stream on');
        }
      }
      // It named those in this region, to send it here once; all that is left is itself.
      if (holders.length === 0 || !pipes.isFar(publisher.nodeId)) throw error;
      return pull(await this.#sinkFrom(publisher), true);
    }
  }

  async #sinkFrom(from: Holder): Promise<PipeSink> {
    const key = `${from.nodeId} ${from.routerId}`;
    await this.#silentNodes.wait(from.nodeId);
    const existing = this.#sinks.get(key);
    if (existing !== undefined) return existing.sink;
    const { router, addressFor, pipes, clock, logger } = this.#options;
    const sink: PipeSink = new PipeSink({
      router,
      address: addressFor(from.nodeId),
      openSource: (port) => pipes.openSource(from, port, router.id),
      onClosed: (reason) => {
        if (this.#sinks.get(key)?.sink === sink) this.#sinks.delete(key);
        if (reason?.code === 'FLEET_ERR_PIPE_SILENT') this.#silentNodes.add(from.nodeId);
      },
      closesAfterIdleMs: CLOSES_AFTER_IDLE_MS,
      clock,
      logger: logger.child({ fromNode: from.nodeId }),
    });
    this.#sinks.set(key, { from, sink });
    return sink;
  }
}

function sharedHolds<T>(): SharedPulls<Hold<T>> {
  return new SharedPulls({ drop: (_id, hold) => hold.release(), lose: (hold) => hold.release() });
}

/** Also when it has ended already. */
function endWith(media: types.Producer | types.DataProducer, end: () => void): void {
  // Once the pull that brings it is over.
  if (media.closed) queueMicrotask(end);
  else if ('paused' in media && 'kind' in media) media.observer.once('close', end);
  else media.observer.once('close', end);
}
