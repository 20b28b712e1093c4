import type { Logger } from 'pino';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import {
  MAX_PRESENCE_ROOMS,
  PRESENCE_INTERVAL_MS,
  PRESENCE_LEASE_MS,
  type Presence,
  type PresenceAnswer,
  type RegionRoot,
} from '../../core/protocol/region-link';
import { directoryOrder } from '../../core/regions/directory-order';
import type { RegionEntry, RegionRoom, RegionsPort } from '../media/regions-port';
import type { RoomPlace } from '../media/room-links-port';
import { DirectoryState } from './directory-state';

export interface RegionPresenceOptions {
  nodeId: string;
  /** This one. */
  region: string;
  /** All of the fleet. */
  regions: readonly string[];
  /** Speaks to the directory of a region. @throws FleetError */
  speak: (region: string, presence: Presence) => Promise<PresenceAnswer>;
  /** Link address of a node of another region. */
  addressOf: (region: string, nodeId: string) => string;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** A room that this node is home of in its region. */
interface Held {
  readonly room: RegionRoom;
  readonly order: readonly string[];
  /** The directory that was told last that the room is here. */
  toldTo: string | undefined;
  root: RegionRoot | undefined;
  /** Named in place of the root that the room is tied to, since when. */
  rival: { root: RegionRoot; sinceMs: number } | undefined;
  /** How often the root has changed: what orders what the room is told. */
  changes: number;
  /** Since when this region is the root. */
  rootSinceMs: number | undefined;
}

/**
 * Says every second, for each room that this node is home of, that this region holds it, to the first region in the
 * room's order that answers; and hears from it which region is the room's root.
 */
export class RegionPresence implements RegionsPort {
  readonly #options: RegionPresenceOptions;
  readonly #held = new Map<string, Held>();
  /** Of these, those that no directory was told of yet. */
  readonly #fresh = new Set<Held>();
  /** Directory region → rooms that ended here, and the directory doesn't know yet. */
  readonly #left = new Map<string, Map<string, number>>();
  readonly #directories: ReadonlyMap<string, DirectoryState>;
  #seq = 0;
  #timer: Timer | undefined;
  #soon: Timer | undefined;
  #again: Timer | undefined;
  #closed = false;

  constructor(options: RegionPresenceOptions) {
    this.#options = options;
    const { clock, random, logger } = options;
    this.#directories = new Map(
      options.regions.map((region) => [region, new DirectoryState({ region, clock, random, logger })]),
    );
  }

  get region(): string {
    return this.#options.region;
  }

  /** Regions whose directory answers, or was not asked. */
  get reachableRegions(): string[] {
    return [...this.#directories.values()].flatMap(({ region, isAway }) => (isAway ? [] : [region]));
  }

  enter(room: RegionRoom): RegionEntry {
    const held: Held = {
      room,
      order: directoryOrder(room.roomId, this.#options.regions),
      toldTo: undefined,
      root: undefined,
      rival: undefined,
      changes: 0,
      rootSinceMs: undefined,
    };
    this.#held.set(room.roomId, held);
    this.#fresh.add(held);
    this.#speakSoon();
    return { root: () => this.#placeOf(held), close: () => this.#leave(held) };
  }

  /** Begins to speak. */
  start(): void {
    if (this.#closed) return;
    this.#timer ??= this.#options.clock.setRepeating(PRESENCE_INTERVAL_MS, () => this.#speakToAll());
  }

  /** Says goodbye for rooms that are left, as far as that is possible at once. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#timer?.cancel();
    for (const held of Array.from(this.#held.values())) this.#leave(held);
    this.#soon?.cancel();
    this.#again?.cancel();
    this.#closed = true;
    const answering = [...this.#left.keys()].filter(
      (region) => this.#directories.get(region)?.isAway === false,
    );
    await Promise.all(answering.map((region) => this.#speakTo(region, [])));
  }

  #leave(held: Held): void {
    const { roomId } = held.room;
    if (this.#held.get(roomId) !== held) return;
    this.#held.delete(roomId);
    this.#fresh.delete(held);
    if (held.toldTo === undefined) return;
    const left = this.#left.get(held.toldTo) ?? new Map<string, number>();
    this.#left.set(held.toldTo, left);
    left.set(roomId, held.room.epoch());
    this.#speakSoon();
  }

  /** About what is new only. */
  #speakSoon(): void {
    if (this.#closed) return;
    this.#soon?.cancel();
    this.#soon = this.#options.clock.setTimer(0, () => this.#speakAbout(this.#fresh));
  }

  #speakToAll(): void {
    if (!this.#closed) this.#speakAbout(this.#held.values());
  }

  #speakAbout(rooms: Iterable<Held>): void {
    const told = new Map<string, Held[]>(Array.from(this.#left.keys(), (region) => [region, []]));
    const preferred = new Set<string>();
    for (const held of rooms) {
      for (const region of held.order) {
        if (this.#directories.get(region)?.isAway === false) {
          const batch = told.get(region) ?? [];
          told.set(region, batch);
          batch.push(held);
          break;
        }
        preferred.add(region);
      }
    }
    for (const [region, held] of told) void this.#speakTo(region, held);
    // Those that would serve if they could are asked whether they can again.
    for (const region of preferred) {
      if (this.#directories.get(region)?.isDue === true) void this.#speakTo(region, []);
    }
  }

  /** Never rejects. */
  async #speakTo(region: string, rooms: readonly Held[]): Promise<void> {
    const state = this.#directories.get(region);
    if (state === undefined || state.isBusy) return;
    const left = Array.from(this.#left.get(region) ?? [], ([roomId, epoch]) => ({ roomId, epoch }));
    this.#left.delete(region);
    for (const held of rooms) {
      held.toldTo = region;
      this.#fresh.delete(held);
    }
    state.begin();
    try {
      const parts = [];
      for (let at = 0; at === 0 || at < Math.max(rooms.length, left.length); at += MAX_PRESENCE_ROOMS) {
        const end = at + MAX_PRESENCE_ROOMS;
        parts.push(this.#speakPart(region, rooms.slice(at, end), left.slice(at, end)));
      }
      await Promise.all(parts);
      // It is back: what was told to others meanwhile is for it.
      if (state.answered()) this.#speakToAll();
      else if (this.#fresh.size > 0 || this.#left.has(region)) this.#speakSoon();
    } catch (error) {
      // What was left ends with its lease there.
      if (state.failed(FleetError.from(error))) this.#speakToAll();
      else this.#askAgain();
    }
  }

  async #speakPart(
    region: string,
    rooms: readonly Held[],
    left: readonly { roomId: string; epoch: number }[],
  ): Promise<void> {
    const { clock, speak } = this.#options;
    this.#seq = Math.max(this.#seq + 1, Math.floor(clock.nowMs() * 1_000));
    const { roots } = await speak(region, {
      region: this.region,
      seq: this.#seq,
      held: rooms.map(({ room, rootSinceMs }) => ({
        roomId: room.roomId,
        epoch: room.epoch(),
        rootForMs: rootSinceMs === undefined ? 0 : Math.ceil(clock.monotonicMs() - rootSinceMs),
      })),
      left: left.filter(({ roomId }) => !this.#held.has(roomId)),
    });
    const byRoom = new Map(roots.map((root) => [root.roomId, root]));
    for (const held of rooms) {
      const root = byRoom.get(held.room.roomId);
      if (root !== undefined && this.#held.get(root.roomId) === held) this.#hear(held, region, root);
    }
  }

  #hear(held: Held, directory: string, root: RegionRoot): void {
    const { clock, nodeId, region, logger } = this.#options;
    const isOwn = root.region === region;
    if (isOwn !== (root.nodeId === nodeId)) {
      // Another home of this region is about to take over; or else two regions have a node of the same name.
      if (!isOwn) {
        const error = new FleetError('FLEET_ERR_CONFIG', {
          message: `region ${root.region} has a node ${nodeId} too: give each node an id of its own`,
        });
        logger.error({ err: error, code: error.code }, 'two regions can not be told apart');
      }
      return;
    }
    const nowMs = clock.monotonicMs();
    if (isSame(held.root, root)) {
      held.rival = undefined;
      return;
    }
    if (held.root !== undefined && held.root.region !== root.region && held.room.isTied()) {
      // A directory that has just taken over, or is about to be left, doesn't know of everybody; and the tie holds.
      if (!isSame(held.rival?.root, root)) held.rival = { root, sinceMs: nowMs };
      if (held.rival === undefined || nowMs - held.rival.sinceMs < PRESENCE_LEASE_MS) return;
    }
    held.rival = undefined;
    held.root = root;
    held.changes += 1;
    held.rootSinceMs = isOwn ? nowMs : undefined;
    logger.info(
      { roomId: root.roomId, rootRegion: root.region, homeNodeId: root.nodeId, directory },
      'the room has another root among the regions',
    );
    const place = this.#placeOf(held);
    if (place) held.room.onRoot(place);
  }

  #placeOf({ root, changes }: Held): RoomPlace | undefined {
    if (root === undefined) return undefined;
    const isOwn = root.region === this.region;
    const homeLinkAddress = isOwn ? '' : this.#options.addressOf(root.region, root.nodeId);
    return { nodes: [root.nodeId], homeLinkAddress, epoch: changes };
  }

  /** Sooner than with the next second: what was a moment's failure is over, what isn't is known early. */
  #askAgain(): void {
    if (this.#closed) return;
    this.#again?.cancel();
    this.#again = this.#options.clock.setTimer(PRESENCE_INTERVAL_MS / 4, () => this.#speakToAll());
  }
}

function isSame(one: RegionRoot | undefined, other: RegionRoot): boolean {
  return one?.region === other.region && one.nodeId === other.nodeId;
}
