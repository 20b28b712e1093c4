import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { RoomLinkMessage } from '../../core/protocol/room-link';
import { RoomCascade } from './room-cascade';
import type { RegionsPort } from './regions-port';
import type { HomeFinder, RoomLinksHost, RoomLinksPort } from './room-links-port';
import type { RoomRegistry } from './room-registry';

export interface RoomCascadesOptions {
  /** This node. */
  nodeId: string;
  links: RoomLinksPort;
  homes: HomeFinder;
  /** @default the fleet has one region */
  regions?: RegionsPort | undefined;
  registry: RoomRegistry;
  /** What a room's account counts of its other nodes has changed. */
  onChanged: (cascade: RoomCascade, roomId: string) => void;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** The cascades of a node's rooms, and what other nodes say to them. */
export class RoomCascades implements RoomLinksHost {
  readonly #options: RoomCascadesOptions;
  readonly #cascades = new Map<string, RoomCascade>();

  constructor(options: RoomCascadesOptions) {
    this.#options = options;
  }

  find(roomId: string): RoomCascade | undefined {
    return this.#cascades.get(roomId);
  }

  /** For a room that is about to be created. */
  open(roomId: string): RoomCascade {
    const { nodeId, links, homes, regions, onChanged, clock, random, logger } = this.#options;
    this.#cascades.get(roomId)?.close();
    const cascade: RoomCascade = new RoomCascade({
      roomId,
      nodeId,
      links,
      homes,
      regions,
      onChanged: () => {
        if (this.#cascades.get(roomId) === cascade) onChanged(cascade, roomId);
      },
      clock,
      random,
      logger,
    });
    this.#cascades.set(roomId, cascade);
    return cascade;
  }

  /** The room has ended here. */
  close(roomId: string): void {
    const cascade = this.#cascades.get(roomId);
    this.#cascades.delete(roomId);
    cascade?.close();
  }

  /** The node stops. Idempotent. */
  closeAll(): void {
    for (const roomId of Array.from(this.#cascades.keys())) this.close(roomId);
  }

  async edgeJoins(nodeId: string, roomId: string, epoch: number, isRegion = false): Promise<void> {
    const slot = this.#options.registry.find(roomId);
    // A room that is being created may have edges already: its home was lost, and this node is the next one.
    await slot?.created.catch(() => undefined);
    const cascade = slot?.room?.closed === false ? this.#cascades.get(roomId) : undefined;
    if (cascade === undefined) {
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no room ${roomId.slice(0, 256)}` });
    }
    if (isRegion) cascade.regionJoins(nodeId);
    else cascade.edgeJoins(nodeId, epoch);
  }

  receive(nodeId: string, roomId: string, message: RoomLinkMessage): void {
    this.#cascades.get(roomId)?.receive(nodeId, message);
  }

  neighbourLeft(nodeId: string, roomId: string, goesOn: boolean): void {
    this.#cascades.get(roomId)?.neighbourLeft(nodeId, goesOn);
  }

  linkLost(nodeId: string): void {
    for (const cascade of this.#cascades.values()) cascade.linkLost(nodeId);
  }
}
