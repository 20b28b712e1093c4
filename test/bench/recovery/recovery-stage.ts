import { ChaosFleet } from '../../chaos/chaos-fleet';
import { Crowd } from '../../chaos/crowd';
import { Watch } from '../../chaos/watch';
import { eventually } from '../../helpers/eventually';
import type { NodeHost } from '../../helpers/node-hosts';
import { GapMeter } from './gap-meter';

const NODES = 4;
/** Of six people each, of whom three send: 24 in all. */
const ROOMS = ['a', 'b', 'c', 'd'].map((roomId) => ({ roomId, publishers: 3, audience: 3 }));
/** A node could carry three of the rooms, so that those of a lost one find room. */
const ENVIRONMENT = { FLEET_CAPACITY_EGRESS_BPS: '30000000', FLEET_WORKERS: '2' };
const WHOLE_FOR_MS = 2_000;

/** Four nodes with four rooms of six synthetic people, and what these miss when something is done to a node. */
export class RecoveryStage {
  private constructor(
    readonly fleet: ChaosFleet,
    readonly crowd: Crowd,
    private readonly watch: Watch,
  ) {}

  static async start(rooms = ROOMS): Promise<RecoveryStage> {
    const fleet = await ChaosFleet.start(NODES, { env: ENVIRONMENT });
    const crowd = new Crowd({ url: fleet.url, token: fleet.hosts.token, random: Math.random, rooms });
    const stage = new RecoveryStage(fleet, crowd, new Watch(fleet, crowd));
    try {
      crowd.come();
      await stage.whole();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** Everybody sees and hears everybody, and has for a moment. */
  async whole(): Promise<void> {
    await eventually(() => this.watch.isWholeFor(WHOLE_FOR_MS));
  }

  /** The host of the most rooms; with `idle` one of none, that has been there for longest, and so has most clients. */
  async host({ idle = false } = {}): Promise<NodeHost> {
    const rooms = await this.fleet.hosts.liveRooms();
    const count = ({ nodeId }: NodeHost) => rooms.get(nodeId)?.length ?? 0;
    const { hosts } = this.fleet.hosts;
    const host = idle
      ? hosts.find((one) => count(one) === 0)
      : hosts.toSorted((a, b) => count(b) - count(a))[0];
    if (!host) throw new Error('no such host');
    return host;
  }

  /** What those missed who missed something, milliseconds each, until all was well again. */
  async gapsOf(harm: () => Promise<void>): Promise<number[]> {
    const meter = new GapMeter(this.crowd);
    try {
      await harm();
      // It shows only a moment later.
      await eventually(() => this.watch.missing.length > 0, { timeoutMs: WHOLE_FOR_MS }).catch(
        () => undefined,
      );
      await this.whole();
      return meter.gaps();
    } finally {
      meter.close();
    }
  }

  async close(): Promise<void> {
    this.watch.close();
    await this.crowd.leave();
    await this.fleet.close();
  }
}
