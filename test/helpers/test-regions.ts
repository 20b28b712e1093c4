import { randomBytes } from 'node:crypto';
import { pino, type Logger } from 'pino';
import { directoryOrder } from '../../core/regions/directory-order';
import type { FleetNode } from '../../node-app/compose';
import { systemClock } from '../../node-app/system-clock';
import { TcpProxy } from './tcp-proxy';
import { TestNodes } from './fleet-node';

export interface TestRegionsOptions {
  /** Nodes in each. @default 1 */
  count?: number;
  /** Further variables of a region's nodes. */
  env?: (region: string) => Record<string, string>;
  /** By how much the clocks of a region's machines are ahead, milliseconds. @default 0 */
  skewMs?: (region: string) => number;
}

/**
 * Fleets in this process, one for each region, each with its own Redis. From each region to each other one leads a
 * connection of its own, which a test cuts.
 */
export class TestRegions {
  readonly #fleets = new Map<string, TestNodes>();
  /** `<from> <to>` → the way between them. */
  readonly #ways = new Map<string, TcpProxy>();

  /** Warnings and errors of all nodes. */
  readonly log: { region: string; code?: string; reason?: string }[] = [];

  private constructor(readonly names: readonly string[]) {}

  static async start(names: readonly string[], options: TestRegionsOptions = {}): Promise<TestRegions> {
    const regions = new TestRegions(names);
    const secret = randomBytes(32).toString('hex');
    try {
      for (const from of names) {
        for (const to of names) {
          if (from !== to) regions.#ways.set(`${from} ${to}`, await TcpProxy.to());
        }
      }
      for (const region of names) {
        const skewMs = options.skewMs?.(region) ?? 0;
        const fleet = await TestNodes.start({
          count: options.count ?? 1,
          clock: { ...systemClock, nowMs: () => systemClock.nowMs() + skewMs },
          logger: regions.#loggerOf(region),
          env: (index) => ({
            FLEET_NODE_ID: `${region}-${String.fromCharCode(97 + index)}`,
            FLEET_REGION: region,
            FLEET_REGION_URLS: JSON.stringify(regions.#urlsFor(region)),
            FLEET_LINK_SECRETS: secret,
            ...options.env?.(region),
          }),
        });
        regions.#fleets.set(region, fleet);
        for (const [way, proxy] of regions.#ways) {
          if (way.endsWith(` ${region}`)) proxy.retarget(`tcp://127.0.0.1:${fleet.node(0).httpPort}`);
        }
      }
      return regions;
    } catch (error) {
      await regions.close();
      throw error;
    }
  }

  fleet(region: string): TestNodes {
    const fleet = this.#fleets.get(region);
    if (!fleet) throw new RangeError(`no region ${region}`);
    return fleet;
  }

  node(region: string, index = 0): FleetNode {
    return this.fleet(region).node(index);
  }

  /** WebSocket URL of a gateway there. */
  url(region: string, index = 0): string {
    return this.fleet(region).url(index);
  }

  /** The id of a room whose directory is in that region, and of none that was asked for before. */
  roomWithDirectoryIn(region: string): string {
    for (;;) {
      const roomId = `room-${randomBytes(6).toString('hex')}`;
      if (directoryOrder(roomId, this.names)[0] === region) return roomId;
    }
  }

  /** Nothing passes between that region and the others any more, and nobody is told. */
  cut(region: string): void {
    for (const proxy of this.#waysOf(region)) proxy.stall();
  }

  heal(region: string): void {
    for (const proxy of this.#waysOf(region)) {
      // What was held back is lost, as on a network that was cut.
      proxy.cut();
      proxy.unstall();
    }
  }

  /** Breaks every connection between the region and the others; new ones are let through. */
  interrupt(region: string): void {
    for (const proxy of this.#waysOf(region)) proxy.cut();
  }

  /** What the regions' Redis hold of presences. */
  async presences(): Promise<string[]> {
    const keys = await Promise.all(
      Array.from(this.#fleets, async ([region, fleet]) =>
        (await fleet.keys()).filter((key) => key.includes('presence')).map((key) => `${region} ${key}`),
      ),
    );
    return keys.flat();
  }

  async close(): Promise<void> {
    for (const proxy of this.#ways.values()) proxy.unstall();
    await Promise.all([...this.#fleets.values()].map((fleet) => fleet.close()));
    await Promise.all([...this.#ways.values()].map((proxy) => proxy.close()));
  }

  #loggerOf(region: string): Logger {
    const write = (line: string) => {
      this.log.push({ ...(JSON.parse(line) as object), region });
      if (process.env.TEST_LOG_LEVEL) process.stderr.write(`${region} ${line}`);
    };
    return pino({ level: process.env.TEST_LOG_LEVEL ?? 'warn' }, { write });
  }

  #urlsFor(from: string): Record<string, string> {
    return Object.fromEntries(
      this.names.map((to) => [to, `http://${this.#ways.get(`${from} ${to}`)?.address ?? '127.0.0.1:1'}`]),
    );
  }

  #waysOf(region: string): TcpProxy[] {
    return [...this.#ways].flatMap(([way, proxy]) => (way.split(' ').includes(region) ? [proxy] : []));
  }
}
