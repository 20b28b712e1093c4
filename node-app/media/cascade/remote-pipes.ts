import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/clock';
import { FleetError } from '../../../core/errors';
import type { Holder } from '../../../core/cascade/holder-choice';
import {
  closeMessageSchema,
  pipeEnvelopeSchema,
  sinkMessageSchema,
  type PipeMessage,
} from '../../../core/protocol/pipe';
import type { PipeDetail } from '../../../core/protocol/room-detail';
import { EntryRouters } from './entry-routers';
import { FanOut } from './fan-out';
import type { MeasuredSource } from './measured-source';
import type { PipeEnd, PipeEnvelope } from './pipe-end';
import type { PipeSinkPort, PipeSourcePort } from './pipe-signalling';
import { RecentPipes } from './recent-pipes';
import { RemoteSource } from './remote-source';
import { ServedPipe } from './served-pipe';

export interface RemotePipesOptions {
  /** Of this node. */
  nodeId: string;
  /** Gives a message to the channel to that node; it never throws. Not called between `suspend` and `resume`. */
  send: (toNodeId: string, message: PipeMessage) => void;
  /** The source end at a router of this room here (`RoomRouter.openSource`); undefined: there is no such router. */
  openLocalSource: (routerId: string, sink: PipeSinkPort, nodeId: string) => MeasuredSource | undefined;
  /** The region of a node that is in another one; undefined: it is in this one. @default all are */
  farRegionOf?: ((nodeId: string) => string | undefined) | undefined;
  /** Round trip to a node, milliseconds. @default unknown */
  rttMs?: (nodeId: string) => number | undefined;
  /** Routers of other nodes that one stream is sent to from here, at most. @default FAN_OUT_LIMIT */
  fanOutLimit?: number;
  clock: Clock;
  logger: Logger;
  /** @default a UUID */
  randomId?: () => string;
}

/** Routers of other nodes that get one stream from the same node, at most; the next ones get it from these. */
export const FAN_OUT_LIMIT = 10;
/** Messages that wait for a channel to come back; a node for which there are more is lost. */
const MAX_QUEUED = 256;
/** Pipes that another node may have with this one in a room: one for each pair of routers. */
const MAX_PIPES_PER_NODE = 256;

/** The pipes of one room between this node and others: the ends that are here, and what they say to those there. */
export class RemotePipes {
  readonly nodeId: string;
  /** Through which router each stream comes to this node. */
  readonly entries = new EntryRouters();
  readonly #options: RemotePipesOptions;
  readonly #fanOut: FanOut;
  readonly #ends = new Map<string, { nodeId: string; end: RemoteSource | ServedPipe }>();
  readonly #recent = new RecentPipes();
  /** What waits for channels that are down. */
  readonly #queues = new Map<string, PipeMessage[]>();
  #closed = false;

  constructor(options: RemotePipesOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    const { fanOutLimit = FAN_OUT_LIMIT } = options;
    this.#fanOut = new FanOut(fanOutLimit, (nodeId) => options.farRegionOf?.(nodeId));
  }

  /**
   * The far router's source end, as a port of this node. Its calls fail with FLEET_ERR_PIPE_CLOSED when it is lost, and
   * with FLEET_ERR_NODE_UNREACHABLE after 5 s without an answer.
   */
  openSource(from: Holder, sink: PipeSinkPort, sinkRouterId: string): PipeSourcePort {
    if (this.#closed) throw new FleetError('FLEET_ERR_PIPE_CLOSED');
    const { randomId = randomUUID, clock, logger } = this.#options;
    const { nodeId, routerId } = from;
    const pipe = randomId();
    const key = keyOf(nodeId, pipe);
    const source = new RemoteSource({
      pipe,
      routerId,
      sinkRouterId,
      sink,
      send: (message) => this.#send(nodeId, message),
      onClosed: () => this.#forget(key),
      clock,
      logger: logger.child({ pipe, fromNode: nodeId }),
    });
    this.#ends.set(key, { nodeId, end: source });
    source.open();
    return source;
  }

  /** A message of another node's RemotePipes of this room, as it was parsed from JSON. Never throws. */
  handle(fromNodeId: string, message: unknown): void {
    if (this.#closed) return;
    const envelope = pipeEnvelopeSchema.safeParse(message);
    if (!envelope.success) {
      this.#warnBadMessage(fromNodeId, envelope.error);
      return;
    }
    const key = keyOf(fromNodeId, envelope.data.pipe);
    const end = this.#ends.get(key)?.end;
    if (envelope.data.m === 'close') this.#closedByFar(fromNodeId, key, message, end);
    else if (end !== undefined) end.handle(envelope.data, message);
    else if (envelope.data.m === 'open' && !this.#recent.has(key))
      this.#serve(fromNodeId, envelope.data, message);
    else this.#refuse(fromNodeId, envelope.data.pipe, new FleetError('FLEET_ERR_PIPE_CLOSED'));
  }

  /** It is in another region: pipes with it go over the internet, to addresses that clients use too. */
  isFar(nodeId: string): boolean {
    return this.#options.farRegionOf?.(nodeId) !== undefined;
  }

  /** The channel to that node is down, and may be back within the grace, which the caller keeps. Idempotent. */
  suspend(nodeId: string): void {
    if (!this.#closed && !this.#queues.has(nodeId)) this.#queues.set(nodeId, []);
  }

  /** It is back: what waited is sent, and the ends tell each other how things are. Idempotent. */
  resume(nodeId: string): void {
    const queue = this.#queues.get(nodeId);
    if (queue === undefined) return;
    this.#queues.delete(nodeId);
    for (const message of queue) this.#options.send(nodeId, message);
    for (const end of this.#endsWith(nodeId)) end.resynchronize();
  }

  /** Closes all pipes with that node. Idempotent; a message from it later begins anew. */
  nodeLost(nodeId: string): void {
    this.#queues.delete(nodeId);
    const error = new FleetError('FLEET_ERR_PIPE_CLOSED', { message: `node ${nodeId} can't be reached` });
    for (const end of this.#endsWith(nodeId)) end.lose(error);
  }

  /** How many nodes a stream has passed to get here; 0: its publisher is here. */
  depthOf(id: string): number {
    let depth = 0;
    for (const { end } of this.#ends.values()) {
      if (end instanceof RemoteSource) depth = Math.max(depth, end.depthOf(id) ?? 0);
    }
    return depth;
  }

  rttMs(nodeId: string): number | undefined {
    return this.#options.rttMs?.(nodeId);
  }

  /** What is sent to other nodes from a router here. Measures, so it is for who asks. Never rejects. */
  async describe(routerId: string): Promise<PipeDetail[]> {
    const pipes = Array.from(this.#ends.values()).flatMap(({ end }) =>
      end instanceof ServedPipe && end.routerId === routerId ? [end] : [],
    );
    return Promise.all(
      pipes.map(async ({ to, source }) => ({ toNode: to.nodeId, ...(await source.measure()) })),
    );
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    // The other ends are told.
    for (const { nodeId, end } of Array.from(this.#ends.values())) {
      this.#send(nodeId, { m: 'close', pipe: end.pipe });
      end.lose(new FleetError('FLEET_ERR_PIPE_CLOSED'));
    }
    this.#closed = true;
    this.#queues.clear();
  }

  #serve(nodeId: string, { pipe }: PipeEnvelope, message: unknown): void {
    const opening = sinkMessageSchema.safeParse(message);
    if (!opening.success || opening.data.m !== 'open') {
      this.#warnBadMessage(nodeId, opening.error);
      this.#refuse(nodeId, pipe, new FleetError('FLEET_ERR_BAD_MESSAGE'));
      return;
    }
    if (this.#endsWith(nodeId).length >= MAX_PIPES_PER_NODE) {
      this.#refuse(nodeId, pipe, new FleetError('FLEET_ERR_LIMIT_EXCEEDED', { message: 'too many pipes' }));
      return;
    }
    const { routerId, sinkRouterId, seq } = opening.data;
    const key = keyOf(nodeId, pipe);
    try {
      const served = new ServedPipe({
        pipe,
        firstSeq: seq,
        routerId,
        to: { nodeId, routerId: sinkRouterId },
        openSource: (sink) => this.#options.openLocalSource(routerId, sink, nodeId),
        fanOut: this.#fanOut,
        depthOf: (id) => this.depthOf(id),
        send: (answer) => this.#send(nodeId, answer),
        onClosed: () => this.#forget(key),
        logger: this.#options.logger.child({ pipe, toNode: nodeId }),
      });
      this.#ends.set(key, { nodeId, end: served });
    } catch (error) {
      this.#refuse(nodeId, pipe, FleetError.from(error));
    }
  }

  #closedByFar(nodeId: string, key: string, message: unknown, end: PipeEnd | undefined): void {
    const closing = closeMessageSchema.safeParse(message);
    const { code, message: text } = closing.data?.error ?? { code: 'FLEET_ERR_PIPE_CLOSED' as const };
    this.#recent.add(key, true);
    if (end === undefined) return;
    const error = new FleetError(code, text === undefined ? {} : { message: text });
    this.#options.logger.debug({ err: error, nodeId }, 'a pipe was closed by its other end');
    end.lose(error);
  }

  /** To something that is no pipe, or none any more. Once: what comes after it changes nothing. */
  #refuse(nodeId: string, pipe: string, error: FleetError): void {
    const key = keyOf(nodeId, pipe);
    if (this.#recent.wasTold(key)) return;
    this.#recent.add(key, true);
    const { code, message } = error.toJSON();
    this.#send(nodeId, { m: 'close', pipe, error: { code, message } });
  }

  #send(nodeId: string, message: PipeMessage): void {
    if (this.#closed) return;
    const queue = this.#queues.get(nodeId);
    if (queue === undefined) {
      if (message.m === 'close') this.#recent.add(keyOf(nodeId, message.pipe), true);
      this.#options.send(nodeId, message);
      return;
    }
    queue.push(message);
    // Not in the midst of what a pipe's end is doing.
    if (queue.length === MAX_QUEUED + 1) queueMicrotask(() => this.nodeLost(nodeId));
  }

  #endsWith(nodeId: string): (RemoteSource | ServedPipe)[] {
    return Array.from(this.#ends.values()).flatMap((entry) => (entry.nodeId === nodeId ? [entry.end] : []));
  }

  #forget(key: string): void {
    this.#ends.delete(key);
    if (!this.#recent.has(key)) this.#recent.add(key, false);
  }

  #warnBadMessage(nodeId: string, cause: unknown): void {
    const error = new FleetError('FLEET_ERR_BAD_MESSAGE', { cause });
    this.#options.logger.warn({ err: error, nodeId }, 'another node sent what is no message of a pipe');
  }
}

/** Another node can't speak of a pipe that isn't its own. */
function keyOf(nodeId: string, pipe: string): string {
  return `${nodeId} ${pipe}`;
}
