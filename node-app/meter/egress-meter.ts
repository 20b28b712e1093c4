import type { Logger } from 'pino';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import type { Clock, Timer } from '../../core/clock';

/** What the meter can read; the media node provides it. */
export interface MeterSource {
  /** Transports that send media now. */
  transports(): Iterable<MeteredTransport>;
  /** Consumers that exist now. */
  consumers(): Iterable<MeteredConsumer>;
}

export interface MeteredTransport {
  id: string;
  roomId: string;
  /** Bytes that left through it since its creation, without IP and UDP headers. Rejects when it is gone. */
  bytesSent(): Promise<number>;
}

export interface MeteredConsumer {
  id: string;
  roomId: string;
  /** Its outgoing streams. Rejects when it is gone. */
  streams(): Promise<StreamCounters[]>;
}

export interface StreamCounters {
  byteCount: number;
  packetCount: number;
  /** Bits per second at present. */
  bitrate: number;
}

export interface EgressMeterOptions {
  source: MeterSource;
  clock: Clock;
  logger: Logger;
  /**
   * How many transports are sampled per second at most. @default 100: at 60 µs of CPU each, worker and Node together
   * (`npm run bench -- forwarding`), 0.6 % of one core
   */
  transportsPerSecond?: number;
  /** How many consumers are sampled per second at most, for the size of packets. @default 5 */
  consumersPerSecond?: number;
}

/** Few enough that requests share wake-ups of both processes, often enough not to come as a burst. */
const TICKS_PER_SECOND = 5;
/** IPv4 and UDP headers: a transport counts what is inside of them, the network what is outside. */
const HEADER_BYTES_PER_PACKET = 28;
/** Until a room's packets have been looked at: what the egress model takes for a video packet. */
const ASSUMED_BYTES_PER_PACKET = 1_000;

interface TransportRate {
  roomId: string;
  bytes: number;
  atMs: number;
  bytesPerSecond: number;
}

interface StreamRate {
  roomId: string;
  bytesPerSecond: number;
  packetsPerSecond: number;
}

/**
 * What rooms send, from the byte counters of their transports over windows of one second.
 *
 * Cost: one small worker request per sending transport and second, spread over five slices, so it grows with the
 * peers of a node and not with its consumers. Above `transportsPerSecond` it grows no further: of n transports
 * each is then sampled every n ÷ transportsPerSecond seconds, and counts with its rate since the sample before,
 * so that sums stay right and only follow more slowly. A transport counts bytes, not packets; the mean size of
 * a room's packets comes from a rotating sample of its consumers, `consumersPerSecond` at most.
 */
export class EgressMeter {
  readonly #source: MeterSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #transportsPerTick: number;
  readonly #consumersPerTick: number;
  readonly #transports = new Map<string, TransportRate>();
  readonly #streams = new Map<string, StreamRate>();
  #transportRound: Round<MeteredTransport>;
  #consumerRound: Round<MeteredConsumer>;
  #bytesByRoom = new Map<string, number>();
  #timer: Timer | undefined;
  #ticking = false;
  /** Since when no slice has been answered. */
  #unansweredSinceMs: number | undefined;

  constructor(options: EgressMeterOptions) {
    const { source, clock, logger, transportsPerSecond = 100, consumersPerSecond = 5 } = options;
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
    this.#transportsPerTick = Math.max(1, Math.floor(transportsPerSecond / TICKS_PER_SECOND));
    this.#consumersPerTick = Math.max(1, Math.floor(consumersPerSecond / TICKS_PER_SECOND));
    this.#transportRound = { startedAtMs: Number.NEGATIVE_INFINITY, members: [], next: 0 };
    this.#consumerRound = { startedAtMs: Number.NEGATIVE_INFINITY, members: [], next: 0 };
  }

  /** Begins to sample. Idempotent. */
  start(): void {
    this.#timer ??= this.#clock.setRepeating(1_000 / TICKS_PER_SECOND, () => {
      this.tick().catch((error: unknown) => this.#logger.warn({ err: error }, 'sampling egress failed'));
    });
  }

  /** Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  room(roomId: string): CapacityVector {
    return this.#vector(this.#bytesByRoom.get(roomId) ?? 0, roomId);
  }

  /** The sum over all rooms. */
  node(): CapacityVector {
    let egressBps = 0;
    let packetsPerSecond = 0;
    for (const roomId of this.#bytesByRoom.keys()) {
      const room = this.room(roomId);
      egressBps += room.egressBps;
      packetsPerSecond += room.packetsPerSecond;
    }
    return { egressBps, packetsPerSecond };
  }

  /** For how long no slice of samples has been answered, milliseconds; 0 while all is well or nothing sends. */
  get silentMs(): number {
    return this.#unansweredSinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#unansweredSinceMs;
  }

  /** One slice of sampling; the timer calls it. A slice that the workers are slow to answer delays the next. */
  async tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      const now = this.#clock.monotonicMs();
      if (isOver(this.#transportRound, now)) this.#beginTransportRound(now);
      if (isOver(this.#consumerRound, now)) this.#beginConsumerRound(now);
      const samples = [
        ...take(this.#transportRound, this.#transportsPerTick).map((transport) => this.#sample(transport)),
        ...take(this.#consumerRound, this.#consumersPerTick).map((consumer) => this.#sampleStreams(consumer)),
      ];
      if (samples.length > 0) this.#unansweredSinceMs ??= now;
      const answers = await Promise.all(samples);
      // What refuses has gone since the round began; when everything does, something is wrong.
      const isIdle = this.#transportRound.members.length + this.#consumerRound.members.length === 0;
      if (isIdle || answers.includes(true)) this.#unansweredSinceMs = undefined;
    } finally {
      this.#ticking = false;
    }
  }

  #beginTransportRound(now: number): void {
    const members = Array.from(this.#source.transports());
    this.#transportRound = { startedAtMs: now, members, next: 0 };
    keepOnly(this.#transports, members);
    // Summed anew each round, so that rounding errors don't pile up.
    this.#bytesByRoom = new Map();
    for (const { roomId, bytesPerSecond } of this.#transports.values()) this.#add(roomId, bytesPerSecond);
  }

  #beginConsumerRound(now: number): void {
    const members = Array.from(this.#source.consumers());
    this.#consumerRound = { startedAtMs: now, members, next: 0 };
    keepOnly(this.#streams, members);
  }

  /** Whether it answered. */
  async #sample(transport: MeteredTransport): Promise<boolean> {
    const { id, roomId } = transport;
    const bytes = await transport.bytesSent().catch(() => undefined);
    if (bytes === undefined) return false;
    const atMs = this.#clock.monotonicMs();
    const before = this.#transports.get(id);
    if (before !== undefined && atMs <= before.atMs) return true;
    const bytesPerSecond =
      before === undefined ? 0 : (Math.max(0, bytes - before.bytes) * 1_000) / (atMs - before.atMs);
    this.#transports.set(id, { roomId, bytes, atMs, bytesPerSecond });
    this.#add(roomId, bytesPerSecond - (before?.bytesPerSecond ?? 0));
    return true;
  }

  /** Whether it answered. */
  async #sampleStreams(consumer: MeteredConsumer): Promise<boolean> {
    const { id, roomId } = consumer;
    const counters = await consumer.streams().catch(() => undefined);
    if (counters === undefined) return false;
    let bytesPerSecond = 0;
    let packetsPerSecond = 0;
    for (const { bitrate, byteCount, packetCount } of counters) {
      if (byteCount === 0) continue;
      bytesPerSecond += bitrate / 8;
      packetsPerSecond += ((bitrate / 8) * packetCount) / byteCount;
    }
    this.#streams.set(id, { roomId, bytesPerSecond, packetsPerSecond });
    return true;
  }

  #add(roomId: string, bytesPerSecond: number): void {
    this.#bytesByRoom.set(roomId, Math.max(0, (this.#bytesByRoom.get(roomId) ?? 0) + bytesPerSecond));
  }

  #vector(bytesPerSecond: number, roomId: string): CapacityVector {
    const packetsPerSecond = bytesPerSecond / this.#bytesPerPacket(roomId);
    return {
      egressBps: Math.round(8 * (bytesPerSecond + packetsPerSecond * HEADER_BYTES_PER_PACKET)),
      packetsPerSecond: Math.round(packetsPerSecond),
    };
  }

  #bytesPerPacket(roomId: string): number {
    let bytes = 0;
    let packets = 0;
    for (const stream of this.#streams.values()) {
      if (stream.roomId !== roomId) continue;
      bytes += stream.bytesPerSecond;
      packets += stream.packetsPerSecond;
    }
    return packets > 0 ? bytes / packets : ASSUMED_BYTES_PER_PACKET;
  }
}

/** One pass over everything that is there at its beginning. */
interface Round<M> {
  startedAtMs: number;
  members: M[];
  next: number;
}

function isOver(round: Round<unknown>, now: number): boolean {
  return round.next >= round.members.length && now - round.startedAtMs >= 1_000;
}

/** The round's next slice: evenly over a second, and within the budget. */
function take<M>(round: Round<M>, budget: number): M[] {
  const size = Math.min(budget, Math.ceil(round.members.length / TICKS_PER_SECOND));
  const slice = round.members.slice(round.next, round.next + size);
  round.next += slice.length;
  return slice;
}

function keepOnly(map: Map<string, unknown>, members: readonly { id: string }[]): void {
  const ids = new Set(members.map(({ id }) => id));
  for (const id of map.keys()) {
    if (!ids.has(id)) map.delete(id);
  }
}
