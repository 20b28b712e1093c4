import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import type { PlacementPort } from '../../core/placement/placement-port';
import type { LinkHub } from '../link/link-hub';
import type { LinkKeys } from '../link/link-secrets';
import { TunnelProofs } from '../link/tunnel-proof';
import { tunnelRoutes } from '../link/tunnel-routes';
import { TunnelServer } from '../link/tunnel-server';
import { within } from '../within';
import { RegionDirectory } from './region-directory';
import { RegionLinks } from './region-links';
import { RegionPresence } from './region-presence';

/** Time for the directories to hear that this node's rooms have ended, milliseconds; else their leases end. */
const GOODBYE_MS = 500;

export interface RegionsOptions {
  nodeId: string;
  /** This one. */
  region: string;
  /** Region → its HTTPS endpoint; this region too. */
  urls: ReadonlyMap<string, string>;
  keys: LinkKeys;
  hub: Pick<LinkHub, 'connect' | 'find' | 'take'>;
  placement: Pick<PlacementPort, 'findNode'>;
  redis: Redis;
  keyPrefix: string;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** A node's part in a fleet of several regions: its share of the directory, its presence in others', and the tunnels. */
export class Regions {
  readonly directory: RegionDirectory;
  readonly presence: RegionPresence;
  readonly tunnels: TunnelServer;
  readonly #options: RegionsOptions;

  constructor(options: RegionsOptions) {
    this.#options = options;
    const { nodeId, region, urls, keys, hub, placement, redis, keyPrefix, clock, random, logger } = options;
    const regions = Array.from(urls.keys());
    this.directory = new RegionDirectory({ regions, redis, keyPrefix, clock, logger });
    const links = new RegionLinks({ nodeId, region, urls, keys, hub, directory: this.directory, clock });
    this.presence = new RegionPresence({
      nodeId,
      region,
      regions,
      speak: (to, presence) => links.speak(to, presence),
      addressOf: (of, id) => links.addressOf(of, id),
      clock,
      random,
      logger,
    });
    this.tunnels = new TunnelServer({ nodeId, hub, placement, clock });
  }

  /** Where the other regions' nodes come in. */
  async routes(app: FastifyInstance): Promise<void> {
    const { nodeId, region, keys, clock, logger } = this.#options;
    const proofs = new TunnelProofs({ keys, clock });
    await app.register(tunnelRoutes, { nodeId, region, tunnels: this.tunnels, proofs, clock, logger });
  }

  /** Before the links end: other regions are told that the rooms have left. */
  async close(): Promise<void> {
    await within(this.presence.close(), GOODBYE_MS, this.#options.clock);
    this.directory.close();
  }
}
