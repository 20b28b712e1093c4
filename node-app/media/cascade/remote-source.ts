import type { Logger } from 'pino';
import type { Clock, Timer } from '../../../core/clock';
import type { WantedLayers } from '../../../core/cascade/layer-demand';
import { FleetError } from '../../../core/errors';
import {
  sourceMessageSchema,
  type PipeMessage,
  type SinkMessage,
  type SourceMessage,
} from '../../../core/protocol/pipe';
import { MessageOrder } from './message-order';
import type { PipeEnd, PipeEnvelope } from './pipe-end';
import { PipeFullError } from './pipe-full-error';
import type { Lane, LaneEnd, PipeSinkPort, PipeSourcePort, PulledData, PulledMedia } from './pipe-signalling';

export interface RemoteSourceOptions {
  /** The pipe's id. */
  pipe: string;
  /** The router over there. */
  routerId: string;
  /** The router here. */
  sinkRouterId: string;
  sink: PipeSinkPort;
  send: (message: PipeMessage) => void;
  /** It is of no more use. Once. */
  onClosed: () => void;
  clock: Clock;
  logger: Logger;
}

/** How long the other node may take to answer, milliseconds. */
const CALL_TIMEOUT_MS = 5_000;

/** What a call gets in return. */
type Answer = Exclude<Extract<SourceMessage, { call: number }>, { m: 'failed' }>;
/** A message without what is added to each. */
type Bare<T> = T extends unknown ? Omit<T, 'pipe' | 'seq'> : never;

interface PendingCall {
  expected: Answer['m'];
  resolve: (answer: Answer) => void;
  reject: (error: FleetError) => void;
  timer: Timer;
}

interface Pulled {
  /** Nodes that the stream has passed to get here. */
  depth: number;
  wanted: WantedLayers;
}

/** A source on another node, as a port for the sink here. */
export class RemoteSource implements PipeSourcePort, PipeEnd {
  readonly #options: RemoteSourceOptions;
  readonly #order = new MessageOrder();
  readonly #calls = new Map<number, PendingCall>();
  readonly #pulling = new Set<string>();
  readonly #pulled = new Map<string, Pulled>();
  #closed = false;

  constructor(options: RemoteSourceOptions) {
    this.#options = options;
  }

  get pipe(): string {
    return this.#options.pipe;
  }

  /** Tells the other node, before all else. */
  open(): void {
    const { routerId, sinkRouterId } = this.#options;
    this.#send({ m: 'open', routerId, sinkRouterId });
  }

  /** How many nodes a stream has passed that comes through this pipe; undefined: it doesn't. */
  depthOf(id: string): number | undefined {
    return this.#pulled.get(id)?.depth;
  }

  async openLane(lane: Lane, end: LaneEnd): Promise<LaneEnd> {
    const answer = await this.#call({ m: 'openLane', lane, end }, 'laneOpened');
    return answer.end;
  }

  async pull(id: string, lane: Lane, insists?: boolean): Promise<PulledMedia> {
    const { media } = await this.#pulls(id, () => this.#call({ m: 'pull', id, lane, insists }, 'pulled'));
    // The schema leaves to mediasoup which header extensions there are.
    return media as PulledMedia;
  }

  async pullData(id: string, insists?: boolean): Promise<PulledData> {
    const { data } = await this.#pulls(id, () => this.#call({ m: 'pullData', id, insists }, 'pulledData'));
    return data;
  }

  async bytesSent(lane: Lane): Promise<number> {
    return (await this.#call({ m: 'askSent', lane }, 'laneSent')).bytes;
  }

  want(id: string, wanted: WantedLayers): void {
    const pulled = this.#pulled.get(id);
    if (pulled !== undefined) pulled.wanted = wanted;
    this.#send({ m: 'want', id, ...inMessage(wanted) });
  }

  drop(id: string): void {
    this.#pulled.delete(id);
    this.#send({ m: 'drop', id });
  }

  close(): void {
    if (this.#closed) return;
    this.#options.send({ m: 'close', pipe: this.#options.pipe });
    this.#end(new FleetError('FLEET_ERR_PIPE_CLOSED'));
  }

  lose(error: FleetError): void {
    if (this.#closed) return;
    this.#end(error);
    this.#options.sink.close();
  }

  resynchronize(): void {
    const pulled = Array.from(this.#pulled, ([id, { wanted }]) => ({ id, ...inMessage(wanted) }));
    this.#send({ m: 'sync', pulled, pulling: [...this.#pulling] });
  }

  handle({ seq, m }: PipeEnvelope, message: unknown): void {
    const place = seq === undefined ? 'old' : this.#order.place(seq);
    if (place === 'old') return;
    if (place === 'afterGap') this.resynchronize();
    const parsed = sourceMessageSchema.safeParse(message);
    if (parsed.success) {
      this.#take(parsed.data);
      return;
    }
    const error = new FleetError('FLEET_ERR_BAD_MESSAGE', { cause: parsed.error });
    this.#options.logger.warn({ err: error, kind: m }, 'a source sent what is no message');
  }

  #take(message: SourceMessage): void {
    const { sink } = this.#options;
    switch (message.m) {
      case 'paused':
        sink.producerPaused(message.id);
        return;
      case 'resumed':
        sink.producerResumed(message.id);
        return;
      case 'liveLayers':
        sink.liveLayersChanged(message.id, message.spatialLayers);
        return;
      case 'closed':
        this.#pulled.delete(message.id);
        sink.producerClosed(message.id);
        return;
      case 'lost':
        this.resynchronize();
        return;
      case 'state':
        this.#takeState(message);
        return;
      default:
        this.#takeAnswer(message);
    }
  }

  #takeState({ pulled, closed }: Extract<SourceMessage, { m: 'state' }>): void {
    const { sink } = this.#options;
    for (const { id, paused, liveLayers } of pulled) {
      if (!this.#pulled.has(id)) continue;
      sink.liveLayersChanged(id, liveLayers);
      if (paused) sink.producerPaused(id);
      else sink.producerResumed(id);
    }
    for (const id of closed) if (this.#pulled.delete(id)) sink.producerClosed(id);
  }

  #takeAnswer(answer: Answer | Extract<SourceMessage, { m: 'failed' }>): void {
    const pending = this.#calls.get(answer.call);
    // It came too late.
    if (pending === undefined) return;
    this.#calls.delete(answer.call);
    pending.timer.cancel();
    if (answer.m === 'failed') {
      const { code, message } = answer.error;
      const isFull = code === 'FLEET_ERR_PIPE_FULL';
      pending.reject(isFull ? new PipeFullError(answer.holders ?? []) : new FleetError(code, { message }));
    } else if (answer.m === pending.expected) pending.resolve(answer);
    else pending.reject(new FleetError('FLEET_ERR_BAD_MESSAGE', { message: `${answer.m} is no answer` }));
  }

  async #pulls<T extends { depth: number }>(id: string, pull: () => Promise<T>): Promise<T> {
    this.#pulling.add(id);
    try {
      const answer = await pull();
      this.#pulled.set(id, { depth: answer.depth, wanted: { spatialLayers: [] } });
      return answer;
    } finally {
      this.#pulling.delete(id);
    }
  }

  #call<M extends Answer['m']>(message: Bare<SinkMessage>, expected: M): Promise<Extract<Answer, { m: M }>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new FleetError('FLEET_ERR_PIPE_CLOSED'));
        return;
      }
      const seq = this.#order.next();
      const timer = this.#options.clock.setTimer(CALL_TIMEOUT_MS, () => {
        this.#calls.delete(seq);
        const what = `no answer to ${message.m} within ${CALL_TIMEOUT_MS / 1_000} s`;
        reject(new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: what }));
      });
      // Before it is sent: sending may find that the other node is lost.
      this.#calls.set(seq, {
        expected,
        resolve: (answer) => resolve(answer as Extract<Answer, { m: M }>),
        reject,
        timer,
      });
      this.#options.send({ ...message, pipe: this.#options.pipe, seq });
    });
  }

  #send(message: Bare<SinkMessage>): void {
    if (this.#closed) return;
    this.#options.send({ ...message, pipe: this.#options.pipe, seq: this.#order.next() });
  }

  #end(error: FleetError): void {
    this.#closed = true;
    for (const { reject, timer } of this.#calls.values()) {
      timer.cancel();
      reject(error);
    }
    this.#calls.clear();
    this.#pulled.clear();
    this.#options.onClosed();
  }
}

function inMessage({ spatialLayers, temporalLayer }: WantedLayers): {
  spatialLayers: number[];
  temporalLayer?: number | undefined;
} {
  return { spatialLayers: [...spatialLayers], temporalLayer };
}
