import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock';
import { systemClock } from '../fleet-runner/system-clock';
import { LoadFigures } from './load-figures';
import { LoadHost } from './load-host';
import type { LoadReport, LoadSecond } from './load-report';
import type { PeerSpec, PeerState } from './load-settings';
import { layersBps, OPUS_BPS } from './media-rates';

/** How many people are where. */
export interface LoadTarget {
  rooms: number;
  /** Peers per room. */
  size: number;
  /** Of them, how many send. */
  publishers: number;
  /** Peers that come in per second, at most. */
  joinsPerSecond: number;
}

export interface LoadOptions extends LoadTarget {
  /** Of the fleet: http, https, ws or wss. */
  url: string;
  /** Access token for rooms with the prefix. @default none, for a fleet with `auth: open` */
  token?: string | undefined;
  /** Bits of payload per second of each publisher's video, all layers together; 0 for none. */
  bitrateBps: number;
  /** Whether publishers send audio too. @default true */
  audio?: boolean;
  /** Three layers of video instead of one. @default true */
  simulcast?: boolean;
  /** The layer that subscribers ask for. @default the uppermost */
  spatialLayer?: number | undefined;
  /** Rooms are this and a number. @default `load-`, something random, `-` */
  roomPrefix?: string;
  /** Child processes that the peers are spread over. @default 1 */
  processes?: number;
  /** Hears of each second. */
  onSecond?: (second: LoadSecond) => void;
  clock?: Clock;
}

/** A peer as the generator last heard of it, a second ago at most. */
export type KnownPeer = PeerSpec & { state: PeerState };

interface Slot {
  spec: PeerSpec;
  host: LoadHost | undefined;
}

const PACE_MS = 50;
const SECOND_MS = 1_000;

/**
 * Keeps as many WebRTC peers in a fleet's rooms as it is told, and knows how they fare. The peers are in child
 * processes, so that their work is spread over cores and the caller's event loop stays free.
 */
export class LoadGenerator {
  /** Rejects when a child process ends by itself: its peers are gone, and the figures with them. */
  readonly failed: Promise<never>;
  readonly roomPrefix: string;
  private readonly clock: Clock;
  /** By room, number in the room, and whether it sends. */
  private readonly slots = new Map<string, Slot>();
  private readonly queue = new Map<string, Slot>();
  /** Rooms that are over. */
  private readonly ended = new Set<string>();
  private readonly timers: Timer[] = [];
  /** Part of each peer's id: two runs in the same rooms are not each other's peers. */
  private readonly runId = randomBytes(4).toString('hex');
  private ids = 0;
  /** Peers that were let go on their way. */
  private started = 0;
  private allowance = 0;
  private ticking = false;
  private stopping: Promise<LoadReport> | undefined;

  private constructor(
    private readonly options: LoadOptions,
    private readonly hosts: readonly LoadHost[],
    private readonly figures: LoadFigures,
    private current: LoadTarget,
  ) {
    this.clock = options.clock ?? systemClock;
    this.roomPrefix = options.roomPrefix ?? `load-${this.runId.slice(0, 4)}-`;
    this.failed = Promise.race(hosts.map((host) => host.failed));
    this.failed.catch(() => undefined);
    figures.begin();
    this.timers.push(
      this.clock.setRepeating(PACE_MS, () => this.letIn()),
      this.clock.setRepeating(SECOND_MS, () => void this.second()),
    );
  }

  /** Starts the processes; the first peers are on their way then. @throws RunnerError */
  static async start(options: LoadOptions): Promise<LoadGenerator> {
    const { url, token, size, publishers, rooms, joinsPerSecond, spatialLayer } = options;
    const { audio = true, simulcast = true, processes = 1, clock = systemClock } = options;
    const layers = layersBps(options.bitrateBps, simulcast);
    const figures = new LoadFigures({
      clock,
      processes,
      wantedBpsPerPublisher: (layers[spatialLayer ?? layers.length - 1] ?? 0) + (audio ? OPUS_BPS : 0),
    });
    const settings = { url, token, expectedPeers: size, layersBps: layers, audio, spatialLayer };
    const starting = Array.from({ length: processes }, () =>
      LoadHost.start({ settings, clock, onTick: (tick) => figures.take(tick) }),
    );
    const started = await Promise.allSettled(starting);
    const hosts = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failure = started.find((result) => result.status === 'rejected');
    if (failure) {
      for (const host of hosts) host.kill();
      throw failure.reason;
    }
    const target = { rooms, size, publishers, joinsPerSecond };
    const generator = new LoadGenerator(options, hosts, figures, target);
    generator.setTarget({});
    return generator;
  }

  get target(): Readonly<LoadTarget> {
    return this.current;
  }

  /** Process ids of its children. */
  get pids(): number[] {
    return this.hosts.flatMap(({ pid }) => pid ?? []);
  }

  /**
   * Raises or lowers the load: surplus peers leave at once, missing ones come in at the pace of the target. A peer
   * that is to send and did not before, or the other way round, leaves and another one comes.
   */
  setTarget(target: Partial<LoadTarget>): void {
    if (this.stopping) return;
    this.current = { ...this.current, ...target };
    const { rooms, size, publishers } = this.current;
    const wanted = new Set<string>();
    for (let room = 1; room <= rooms; room += 1) {
      if (this.ended.has(this.roomId(room))) continue;
      for (let index = 0; index < size; index += 1) {
        const publishes = index < publishers;
        const key = `${room}/${index}/${String(publishes)}`;
        wanted.add(key);
        if (!this.slots.has(key)) this.ask(key, { room, publishes });
      }
    }
    for (const [key, slot] of this.slots) if (!wanted.has(key)) this.release(key, slot);
  }

  /** Everybody in these rooms leaves at once, and nobody comes there again. */
  endRooms(roomIds: readonly string[]): void {
    for (const roomId of roomIds) this.ended.add(roomId);
    this.setTarget({});
  }

  /** As `setTarget`, with so many rooms more. */
  add({ rooms }: { rooms: number }): void {
    this.setTarget({ rooms: this.current.rooms + rooms });
  }

  /** Everybody who has not left, as last heard. */
  get peers(): KnownPeer[] {
    return this.ticks().flatMap((tick) => tick.peers);
  }

  /** How it went until now. */
  async report(): Promise<LoadReport> {
    if (this.stopping) return this.stopping;
    await Promise.all(this.hosts.map((host) => host.refresh()));
    return this.figures.report(this.ticks(), { asked: this.started, final: false });
  }

  /** All peers leave and all processes end. Gives the report of the moment before. Idempotent. */
  stop(): Promise<LoadReport> {
    this.stopping ??= (async () => {
      for (const timer of this.timers) timer.cancel();
      await Promise.all(this.hosts.map((host) => host.stop()));
      return this.figures.report(this.ticks(), { asked: this.started, final: true });
    })();
    return this.stopping;
  }

  /** Ends all processes at once, without a word to the fleet. */
  kill(): void {
    for (const timer of this.timers) timer.cancel();
    for (const host of this.hosts) host.kill();
  }

  private ask(key: string, { room, publishes }: { room: number; publishes: boolean }): void {
    this.ids += 1;
    const spec = { peerId: `${this.runId}-${this.ids}`, roomId: this.roomId(room), publishes };
    const slot = { spec, host: undefined };
    this.slots.set(key, slot);
    this.queue.set(key, slot);
  }

  private roomId(room: number): string {
    return `${this.roomPrefix}${room}`;
  }

  private release(key: string, { spec, host }: Slot): void {
    this.slots.delete(key);
    this.queue.delete(key);
    host?.remove([spec.peerId]);
  }

  /** Lets those in whose turn it is, spread over the processes. */
  private letIn(): void {
    const { joinsPerSecond } = this.current;
    const perPace = (joinsPerSecond * PACE_MS) / SECOND_MS;
    this.allowance = Math.min(this.allowance + perPace, Math.max(perPace, 1));
    for (const [key, slot] of this.queue) {
      if (this.allowance < 1) return;
      this.allowance -= 1;
      this.queue.delete(key);
      const host = this.hosts[this.started % this.hosts.length];
      this.started += 1;
      slot.host = host;
      host?.add([slot.spec]);
    }
  }

  private async second(): Promise<void> {
    if (this.ticking || this.stopping) return;
    this.ticking = true;
    await Promise.all(this.hosts.map((host) => host.refresh()));
    this.ticking = false;
    if (this.stopping) return;
    const second = this.figures.second(this.ticks(), this.started);
    this.options.onSecond?.(second);
  }

  private ticks() {
    return this.hosts.flatMap(({ tick }) => tick ?? []);
  }
}
