import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import { HeardRanking, type MicrophoneLevel } from '../../../core/cascade/heard-ranking';
import type { Clock, Timer } from '../../../core/clock';
import type { RoomRouter } from '../room-router';
import { HEARD_HERE, type HeardHome } from './heard-home';
import { MicrophoneLevels } from './microphone-levels';

export interface HeardMicrophonesOptions {
  /** How many are heard at once; 0: all. */
  places: () => number;
  /** Ids of the room's ranked microphones, on all nodes. */
  microphones: () => ReadonlySet<string>;
  /** These began or ceased to be heard; undefined: any of them. */
  onChanged: (producerIds: readonly string[] | undefined) => void;
  clock: Clock;
  logger: Logger;
}

/**
 * Until the room's levels are known, everybody is heard, milliseconds: two measurements, and what comes from other
 * nodes.
 */
const SETTLE_MS = 600;

/**
 * Which microphones of a room are heard: all of them, or in a room with more of them than places the loudest. Each
 * node tells the room's home how loud it is there, and the home says who is heard.
 */
export class HeardMicrophones {
  readonly #options: HeardMicrophonesOptions;
  readonly #routers = new Map<RoomRouter, MicrophoneLevels>();
  readonly #remote = new Map<string, readonly MicrophoneLevel[]>();
  readonly #ranking = new HeardRanking();
  #home: HeardHome = HEARD_HERE;
  /** What the home said last; undefined: everybody. */
  #fromHome: readonly string[] | undefined;
  /** What was told as home. */
  #told: readonly string[] | undefined;
  /** Undefined: everybody. */
  #heard: ReadonlySet<string> | undefined;
  #ranks = false;
  /** When it was last reviewed. */
  #places = 0;
  #settled = false;
  #wasSilent = true;
  #settleTimer: Timer | undefined;

  constructor(options: HeardMicrophonesOptions) {
    this.#options = options;
  }

  /** The room is shared with other nodes. */
  attach(home: HeardHome): void {
    this.#home = home;
  }

  /** For microphones that are ranked. */
  isHeard(producerId: string): boolean {
    return this.#heard?.has(producerId) ?? true;
  }

  addRouter(roomRouter: RoomRouter): void {
    const levels = new MicrophoneLevels({
      router: roomRouter.router,
      speakers: roomRouter.speakers,
      onMeasured: () => this.measured(),
      logger: this.#options.logger,
    });
    this.#routers.set(roomRouter, levels);
    if (this.#ranks) levels.start();
  }

  /** It is about to close. */
  removeRouter(roomRouter: RoomRouter): void {
    this.#routers.get(roomRouter)?.stop();
    this.#routers.delete(roomRouter);
  }

  /** A microphone of this node. */
  add(roomRouter: RoomRouter, producer: types.Producer): void {
    this.#routers.get(roomRouter)?.add(producer);
  }

  /** There are other microphones now, or another number of places. */
  review(): void {
    const places = this.#options.places();
    const microphones = this.#options.microphones();
    const ranks = places > 0 && microphones.size > places;
    this.#ranking.retain((id) => microphones.has(id));
    if (ranks === this.#ranks) {
      if (places !== this.#places) this.measured();
      this.#places = places;
      return;
    }
    this.#places = places;
    this.#ranks = ranks;
    if (ranks) this.#start();
    else this.#stop();
  }

  /** The levels here were measured anew. */
  measured(): void {
    if (!this.#ranks) return;
    const own = this.#ownLevels();
    if (this.#home.ranks) {
      this.#rankAsHome();
      return;
    }
    this.#told = undefined;
    // In silence once is enough.
    if (own.length === 0 && this.#wasSilent) return;
    this.#wasSilent = own.length === 0;
    if (!this.#home.sendLevels(own)) this.#rankAlone(own);
  }

  /** How loud it is on another node: this one is the home. */
  setRemoteLevels(nodeId: string, levels: readonly MicrophoneLevel[]): void {
    this.#remote.set(nodeId, levels);
    if (this.#ranks && this.#home.ranks) this.#rankAsHome();
  }

  /** What it said no longer holds: it is out of reach, or no longer part of the room. */
  dropNode(nodeId: string): void {
    this.#remote.delete(nodeId);
  }

  /** The home says who is heard; undefined: everybody. */
  setFromHome(producerIds: readonly string[] | undefined): void {
    this.#fromHome = producerIds;
    this.#ranking.adopt(producerIds ?? [], this.#options.clock.monotonicMs());
    if (this.#ranks) this.#set(producerIds);
  }

  /** Idempotent. */
  close(): void {
    this.#settleTimer?.cancel();
    this.#ranks = false;
    this.#routers.clear();
  }

  #start(): void {
    for (const levels of this.#routers.values()) levels.start();
    this.#wasSilent = false;
    if (!this.#home.ranks) this.#set(this.#fromHome);
    this.#settleTimer = this.#options.clock.setTimer(SETTLE_MS, () => {
      this.#settled = true;
      this.measured();
    });
  }

  #stop(): void {
    this.#settleTimer?.cancel();
    this.#settled = false;
    for (const levels of this.#routers.values()) levels.stop();
    this.#ranking.clear();
    this.#set(undefined);
    this.#tell(undefined);
  }

  #rankAsHome(): void {
    if (!this.#settled) return;
    const heard = this.#rank([...this.#ownLevels(), ...[...this.#remote.values()].flat()]);
    this.#set(heard);
    this.#tell(heard);
  }

  /** No way leads to the home: those of other nodes stay as they were, those of this one are ranked among themselves. */
  #rankAlone(own: readonly MicrophoneLevel[]): void {
    if (this.#heard === undefined) return;
    const here = new Set([...this.#routers.values()].flatMap((levels) => levels.producerIds));
    const others = (this.#fromHome ?? []).filter((id) => !here.has(id));
    this.#set([...others, ...this.#rank(own).filter((id) => here.has(id))]);
  }

  #rank(levels: readonly MicrophoneLevel[]): string[] {
    const { places, microphones, clock } = this.#options;
    const known = microphones();
    return this.#ranking.rank({
      levels: levels.filter(({ producerId }) => known.has(producerId)),
      places: places(),
      nowMs: clock.monotonicMs(),
    });
  }

  /** The loudest here, and those that are heard although others are louder. */
  #ownLevels(): MicrophoneLevel[] {
    const louder = [...this.#routers.values()]
      .flatMap((levels) => levels.now())
      .sort((a, b) => b.volume - a.volume);
    const places = this.#options.places();
    return louder.filter(({ producerId }, index) => index < places || this.#heard?.has(producerId) === true);
  }

  #tell(heard: readonly string[] | undefined): void {
    if (!this.#home.ranks || isSame(heard, this.#told)) return;
    this.#told = heard;
    this.#home.tellHeard(heard);
  }

  #set(heard: readonly string[] | undefined): void {
    const before = this.#heard;
    const now = heard && new Set(heard);
    this.#heard = now;
    if (before === undefined || now === undefined) {
      if (before !== now) this.#options.onChanged(undefined);
      return;
    }
    const changed = [...new Set([...before, ...now])].filter((id) => before.has(id) !== now.has(id));
    if (changed.length > 0) this.#options.onChanged(changed);
  }
}

/** Whether both name the same ones, in whatever order. */
function isSame(left: readonly string[] | undefined, right: readonly string[] | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  const known = new Set(left);
  return known.size === right.length && right.every((id) => known.has(id));
}
