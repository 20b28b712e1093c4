import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import { within } from '../within';
import type { RegionEntry, RegionsPort } from './regions-port';
import { RoomHome, type RoomHomeListener } from './room-home';
import type { RoomLinksPort } from './room-links-port';

export interface RegionTieOptions {
  roomId: string;
  /** This node, the room's home in its region. */
  nodeId: string;
  links: RoomLinksPort;
  regions: RegionsPort;
  /** Of the room in this region, at present. */
  epoch: () => number;
  listener: Pick<RoomHomeListener, 'neighbourUp' | 'neighbourDown' | 'neighbourLeft' | 'homeChanged'>;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/**
 * What ties a room's home to the room's homes in other regions, while it is one: they form a star around the root, which
 * the directory of regions names. A home takes neighbours only while it is the root itself, so that there is no loop: whoever
 * joins ties its whole tree to one that it isn't part of.
 */
export class RegionTie {
  readonly #options: RegionTieOptions;
  readonly #entry: RegionEntry;
  readonly #home: RoomHome;
  readonly #createdMs: number;
  readonly #rootKnown: Promise<void>;

  constructor(options: RegionTieOptions) {
    this.#options = options;
    const { roomId, nodeId, links, regions, epoch, listener, clock, random } = options;
    this.#createdMs = clock.monotonicMs();
    this.#home = new RoomHome({
      roomId,
      nodeId,
      links: {
        // Epochs are a matter of each region.
        join: (request) => links.join({ ...request, epoch: 0, isRegion: true }),
        send: (...message) => links.send(...message),
        leave: (...neighbour) => links.leave(...neighbour),
      },
      homes: { findHome: () => this.#findRoot() },
      listener: { ...listener, epochChanged: () => undefined },
      clock,
      random,
      logger: options.logger.child({ between: 'regions' }),
    });
    let known: () => void = () => undefined;
    this.#rootKnown = new Promise((resolve) => {
      known = resolve;
    });
    this.#entry = regions.enter({
      roomId,
      epoch,
      isTied: () => this.#home.isJoined,
      onRoot: (place) => {
        this.#home.place(place);
        known();
      },
    });
  }

  /** The home in the root region; this node as long as nothing else is known. */
  get rootId(): string {
    return this.#home.homeId;
  }

  /** Resolves once the root is joined; at the latest so long after the tie was made. */
  async settled(timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    const remainingMs = () => Math.max(0, this.#createdMs + timeoutMs - clock.monotonicMs());
    if (remainingMs() === 0) return;
    await within(this.#rootKnown, remainingMs(), clock);
    await this.#home.settled(remainingMs());
  }

  /** @throws FleetError FLEET_ERR_ROOM_MOVED when this node isn't the root */
  regionJoins(nodeId: string): void {
    this.#home.edgeJoins(nodeId, 0);
  }

  synced(nodeId: string): void {
    this.#home.synced(nodeId);
  }

  linkLost(nodeId: string): void {
    this.#home.linkLost(nodeId);
  }

  neighbourLeft(nodeId: string, goesOn: boolean): void {
    this.#home.neighbourLeft(nodeId, goesOn);
  }

  /**
   * Idempotent.
   * @param goesOn the room is still here, only its home in this region is another node
   */
  close(goesOn: boolean): void {
    this.#entry.close();
    this.#home.close(goesOn);
  }

  async #findRoot() {
    const root = this.#entry.root();
    if (root === undefined) {
      throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE', {
        message: 'no directory of regions has answered yet',
      });
    }
    return root;
  }
}
