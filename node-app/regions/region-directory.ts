import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import {
  PRESENCE_LEASE_MS,
  presenceSchema,
  type Presence,
  type PresenceAnswer,
} from '../../core/protocol/region-link';
import { redisKeys } from '../../core/redis-keys';
import { directoryOrder } from '../../core/regions/directory-order';
import { runScript } from '../placement/run-script';
import { defaultCommandsFolder, loadScript } from '../placement/script-loader';
import { placementError } from '../placement/script-result';

/** An entry is kept so long after its lease, so that a message that comes late can't bring it back, milliseconds. */
const FORGET_AFTER_MS = 6_000;
/** When nobody speaks any more, what has lapsed is cleared up after this, milliseconds. */
const SWEEP_INTERVAL_MS = 5_000;
const RETRY_AFTER_MS = 1_000;

export interface RegionDirectoryOptions {
  /** All regions of the fleet. */
  regions: readonly string[];
  redis: Redis;
  keyPrefix: string;
  clock: Clock;
  logger: Logger;
}

/**
 * The serving side of the directory: which regions hold a room, and which of them is its root. Any node of the region
 * serves; what it is told stands in the region's Redis.
 */
export class RegionDirectory {
  readonly #options: RegionDirectoryOptions;
  readonly #keys: string[];
  readonly #script = loadScript(defaultCommandsFolder(), 'registerPresence-2.lua', {
    LEASE_TTL: PRESENCE_LEASE_MS,
    FORGET_AFTER: FORGET_AFTER_MS,
  });
  #sweep: Timer | undefined;
  #closed = false;

  constructor(options: RegionDirectoryOptions) {
    this.#options = options;
    const keys = redisKeys(options.keyPrefix);
    this.#keys = [keys.presenceLeases, keys.presences];
  }

  /** @throws FleetError FLEET_ERR_BAD_REQUEST, FLEET_ERR_PLACEMENT_UNAVAILABLE */
  async answer(nodeId: string, raw: unknown): Promise<PresenceAnswer> {
    const parsed = presenceSchema.safeParse(raw);
    if (!parsed.success) {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'regionPresence: not valid' });
    }
    if (!this.#options.regions.includes(parsed.data.region)) {
      throw new FleetError('FLEET_ERR_CONFIG', {
        message: `this region knows no region ${parsed.data.region}: see FLEET_REGION_URLS`,
      });
    }
    return this.register(nodeId, parsed.data);
  }

  /** @throws FleetError FLEET_ERR_PLACEMENT_UNAVAILABLE */
  async register(nodeId: string, { region, seq, held, left }: Presence): Promise<PresenceAnswer> {
    const { regions } = this.#options;
    this.#sweepLater();
    const numbers = new Map(regions.map((name, index) => [name, index + 1]));
    const args = [region, nodeId, String(seq), regions.join(' '), String(held.length)];
    for (const { roomId, epoch, rootForMs } of held) {
      const order = directoryOrder(roomId, regions).map((name) => numbers.get(name));
      args.push(roomId, String(epoch), String(rootForMs), order.join(' '));
    }
    for (const { roomId, epoch } of left) args.push(roomId, String(epoch));
    const answer = (await this.#run(args)) as (Buffer | number)[];
    return {
      roots: held.flatMap(({ roomId }, index) => {
        const [root, home, taken] = answer.slice(index * 3, index * 3 + 3).map(String);
        // A message that came too late says nothing about who asks now.
        return taken === '1' && root && home ? [{ roomId, region: root, nodeId: home }] : [];
      }),
    };
  }

  close(): void {
    this.#closed = true;
    this.#sweep?.cancel();
  }

  async #run(args: string[]): Promise<unknown> {
    try {
      return await runScript(this.#options.redis, this.#script, this.#keys, args);
    } catch (error) {
      throw placementError(error, RETRY_AFTER_MS);
    }
  }

  /** Whoever speaks clears up for others; the last ones that fell silent are left to this. */
  #sweepLater(): void {
    if (this.#closed) return;
    this.#sweep?.cancel();
    this.#sweep = this.#options.clock.setTimer(SWEEP_INTERVAL_MS, () => {
      this.#clearUp().catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'the directory of regions could not be cleared up');
      });
    });
  }

  async #clearUp(): Promise<void> {
    const [leases = ''] = this.#keys;
    await this.#run(['', '', '0', '', '0']);
    if ((await this.#options.redis.zcard(leases)) > 0) this.#sweepLater();
  }
}
