import type { Logger } from 'pino';
import { FleetError } from '../../../core/errors';
import type { Holder } from '../../../core/cascade/holder-choice';
import {
  MAX_PULLED_PER_PIPE,
  sinkMessageSchema,
  type PipeData,
  type PipeMedia,
  type PipeMessage,
  type SinkMessage,
  type SourceMessage,
} from '../../../core/protocol/pipe';
import { supervise } from '../supervise';
import type { FanOut, FanOutPlace } from './fan-out';
import type { MeasuredSource } from './measured-source';
import { MessageOrder } from './message-order';
import type { PipeEnd, PipeEnvelope } from './pipe-end';
import { PipeFullError } from './pipe-full-error';
import type { PipeSinkPort } from './pipe-signalling';

export interface ServedPipeOptions {
  /** The pipe's id. */
  pipe: string;
  /** The number of the message that opened it. */
  firstSeq: number;
  /** The router here. */
  routerId: string;
  /** The router over there. */
  to: Holder;
  /** Opens the source here, which then talks to the sink it is given; undefined: there is none. */
  openSource: (sink: PipeSinkPort) => MeasuredSource | undefined;
  fanOut: FanOut;
  /** How many nodes a stream has passed to get here; 0: its publisher is here. */
  depthOf: (id: string) => number;
  send: (message: PipeMessage) => void;
  /** It is of no more use. Once. */
  onClosed: () => void;
  logger: Logger;
}

/** Calls of one pipe that wait for the worker, at most. */
const MAX_PENDING_CALLS = 500;

/** A message without what is added to each. */
type Bare<T> = T extends unknown ? Omit<T, 'pipe' | 'seq'> : never;
type Call = Extract<SinkMessage, { m: 'openLane' | 'pull' | 'pullData' | 'askSent' }>;
type Answer = Bare<Extract<SourceMessage, { call: number }>>;

/** What was sent to the sink about something that it pulls, or has pulled. */
interface Told {
  place: FanOutPlace;
  paused: boolean | undefined;
  liveLayers: readonly number[] | undefined;
  /** Its answer has been sent. */
  answered: boolean;
}

/** A sink on another node, as a port for the source here, which does what that sink asks for. */
export class ServedPipe implements PipeSinkPort, PipeEnd {
  readonly #options: ServedPipeOptions;
  readonly #order = new MessageOrder();
  readonly #source: MeasuredSource;
  readonly #told = new Map<string, Told>();
  /** The last of what is to be done about a lane, or a thing that is pulled: one after the other. */
  readonly #chains = new Map<string, Promise<void>>();
  #pendingCalls = 0;
  #closed = false;

  /** @throws FleetError FLEET_ERR_NOT_FOUND when there is no such source */
  constructor(options: ServedPipeOptions) {
    this.#options = options;
    const source = options.openSource(this);
    if (source === undefined) throw new FleetError('FLEET_ERR_NOT_FOUND', { message: 'no such router' });
    this.#source = source;
    this.#order.place(options.firstSeq);
  }

  get pipe(): string {
    return this.#options.pipe;
  }

  get routerId(): string {
    return this.#options.routerId;
  }

  get to(): Holder {
    return this.#options.to;
  }

  get source(): MeasuredSource {
    return this.#source;
  }

  handle({ m, seq }: PipeEnvelope, message: unknown): void {
    const place = seq === undefined ? 'old' : this.#order.place(seq);
    if (place === 'old' || seq === undefined) return;
    if (place === 'afterGap') this.#send({ m: 'lost' });
    const parsed = sinkMessageSchema.safeParse(message);
    if (parsed.success) {
      this.#take(parsed.data);
      return;
    }
    const error = new FleetError('FLEET_ERR_BAD_MESSAGE', { message: `no message of a pipe: ${m}` });
    this.#options.logger.warn(
      { err: error, issues: parsed.error.issues.slice(0, 3) },
      'a sink sent nonsense',
    );
    this.#fail(seq, error);
  }

  producerPaused(id: string): void {
    this.#note(id, { paused: true });
    this.#send({ m: 'paused', id });
  }

  producerResumed(id: string): void {
    this.#note(id, { paused: false });
    this.#send({ m: 'resumed', id });
  }

  liveLayersChanged(id: string, layers: readonly number[]): void {
    this.#note(id, { liveLayers: layers });
    this.#send({ m: 'liveLayers', id, spatialLayers: [...layers] });
  }

  producerClosed(id: string): void {
    this.#forget(id);
    this.#send({ m: 'closed', id });
  }

  /** By the source. */
  close(): void {
    if (this.#closed) return;
    this.#options.send({ m: 'close', pipe: this.#options.pipe });
    this.#end();
  }

  lose(): void {
    if (this.#closed) return;
    this.#end();
    this.#source.close();
  }

  /** The sink knows what it wants, and asks how things are; its own node may not have noticed. */
  resynchronize(): void {
    this.#send({ m: 'lost' });
  }

  #take(message: SinkMessage): void {
    switch (message.m) {
      case 'open':
        return;
      case 'want':
        this.#inOrder(message.id, () => this.#source.want(message.id, message));
        return;
      case 'drop':
        this.#drop(message.id);
        return;
      case 'sync':
        this.#synchronize(message);
        return;
      default:
        this.#answer(message);
    }
  }

  #drop(id: string): void {
    this.#inOrder(id, () => {
      this.#forget(id);
      this.#source.drop(id);
    });
  }

  #synchronize({ pulled, pulling }: Extract<SinkMessage, { m: 'sync' }>): void {
    const there = new Set([...pulled.map(({ id }) => id), ...pulling]);
    for (const id of this.#told.keys()) if (!there.has(id)) this.#drop(id);
    const state = pulled.flatMap(({ id, ...wanted }) => {
      const told = this.#told.get(id);
      if (told === undefined) return [];
      this.#inOrder(id, () => this.#source.want(id, wanted));
      const { paused = false, liveLayers = [] } = told;
      return told.answered ? [{ id, paused, liveLayers: [...liveLayers] }] : [];
    });
    const closed = pulled.flatMap(({ id }) => (this.#told.has(id) ? [] : [id]));
    this.#send({ m: 'state', pulled: state, closed });
  }

  #answer(call: Call): void {
    if (this.#pendingCalls >= MAX_PENDING_CALLS) {
      this.#fail(call.seq, new FleetError('FLEET_ERR_LIMIT_EXCEEDED', { message: 'too many calls' }));
      return;
    }
    this.#pendingCalls += 1;
    const about = 'id' in call ? call.id : `lane ${call.lane}`;
    this.#inOrder(about, async () => {
      try {
        this.#send(await this.#perform(call));
      } catch (error) {
        this.#fail(call.seq, error);
      } finally {
        this.#pendingCalls -= 1;
      }
    });
  }

  async #perform(message: Call): Promise<Answer> {
    const { seq: call } = message;
    switch (message.m) {
      case 'openLane':
        return { m: 'laneOpened', call, end: await this.#source.openLane(message.lane, message.end) };
      case 'askSent':
        return { m: 'laneSent', call, bytes: await this.#source.bytesSent(message.lane) };
      case 'pull':
        return this.#pull(message, async (depth, told) => {
          const media = await this.#source.pull(message.id, message.lane);
          // What was said of it since the source began is newer than the answer.
          told.paused ??= media.paused;
          told.liveLayers ??= media.liveLayers;
          return { m: 'pulled', call, media: media as PipeMedia, depth };
        });
      case 'pullData':
        return this.#pull(message, async (depth) => {
          const data = await this.#source.pullData(message.id);
          return { m: 'pulledData', call, data: data as PipeData, depth };
        });
    }
  }

  async #pull(
    { id, insists }: { id: string; insists?: boolean | undefined },
    pull: (depth: number, told: Told) => Promise<Answer>,
  ): Promise<Answer> {
    const { fanOut, to, depthOf } = this.#options;
    const depth = depthOf(id);
    // Pulled again without having been dropped: this one counts.
    this.#forget(id);
    if (this.#told.size >= MAX_PULLED_PER_PIPE) {
      throw new FleetError('FLEET_ERR_LIMIT_EXCEEDED', { message: 'too much is pulled through this pipe' });
    }
    const place = fanOut.admit(id, { to, depth, insists });
    const told: Told = { place, paused: undefined, liveLayers: undefined, answered: false };
    this.#told.set(id, told);
    try {
      const answer = await pull(depth + 1, told);
      // Closed while the worker was asked: the sink has been told so before the answer.
      if (this.#told.get(id) !== told) throw new FleetError('FLEET_ERR_NOT_FOUND');
      told.answered = true;
      place.taken();
      return answer;
    } catch (error) {
      if (this.#told.get(id) === told) this.#forget(id);
      throw error;
    }
  }

  #note(id: string, news: Partial<Pick<Told, 'paused' | 'liveLayers'>>): void {
    const told = this.#told.get(id);
    if (told !== undefined) Object.assign(told, news);
  }

  #forget(id: string): void {
    this.#told.get(id)?.place.release();
    this.#told.delete(id);
  }

  /** After what is under way about the same thing; at once, if nothing is. */
  #inOrder(about: string, task: () => void | Promise<void>): void {
    const before = this.#chains.get(about);
    if (before === undefined) {
      const done = task();
      if (done === undefined) return;
      this.#chain(about, done);
    } else this.#chain(about, before.then(task));
  }

  #chain(about: string, doing: Promise<void>): void {
    const { logger } = this.#options;
    const done = doing.finally(() => {
      if (this.#chains.get(about) === done) this.#chains.delete(about);
    });
    this.#chains.set(about, done);
    supervise(done, logger, 'serving a pipe');
  }

  #fail(call: number, error: unknown): void {
    const failure = FleetError.from(error);
    const { code, message } = failure.toJSON();
    if (code === 'FLEET_ERR_INTERNAL') this.#options.logger.warn({ err: error }, 'a call of a sink failed');
    const holders = failure instanceof PipeFullError ? { holders: [...failure.holders] } : {};
    this.#send({ m: 'failed', call, error: { code, message }, ...holders });
  }

  #send(message: Bare<SourceMessage>): void {
    if (this.#closed) return;
    this.#options.send({ ...message, pipe: this.#options.pipe, seq: this.#order.next() });
  }

  #end(): void {
    this.#closed = true;
    for (const id of Array.from(this.#told.keys())) this.#forget(id);
    this.#options.onClosed();
  }
}
