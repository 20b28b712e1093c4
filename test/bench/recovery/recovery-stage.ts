import { ChaosFleet } from '../../chaos/chaos-fleet';
import { BrowserPeers } from '../../chaos/browser-peer';
import { Crowd, type CrowdRoom } from '../../chaos/crowd';
import { Watch } from '../../chaos/watch';
import { eventually } from '../../helpers/eventually';
import type { WorkerDump } from '../../../node-app/media/worker-pool';
import type { NodeHost } from '../../helpers/node-hosts';
import { GapMeter } from './gap-meter';

const NODES = 4;
/** A node could carry three rooms of six, so that those of a lost one find room. */
const ENVIRONMENT = { FLEET_CAPACITY_EGRESS_BPS: '30000000', FLEET_WORKERS: '2' };
const WHOLE_FOR_MS = 2_000;

/** Four nodes with rooms of people, and what these miss when something is done to a node. */
export class RecoveryStage {
  private constructor(
    readonly fleet: ChaosFleet,
    private readonly roomIds: readonly string[],
    readonly crowd: Crowd,
    private readonly browsers: BrowserPeers | undefined,
    private readonly watch: Watch,
  ) {}

  static async start(rooms: readonly CrowdRoom[]): Promise<RecoveryStage> {
    const fleet = await ChaosFleet.start(NODES, { env: ENVIRONMENT });
    const { url, hosts } = fleet;
    const browsers = rooms.some((room) => room.browsers) ? await BrowserPeers.start() : undefined;
    const crowd = new Crowd({ url, token: hosts.token, random: Math.random, rooms, browsers });
    const roomIds = rooms.map(({ roomId }) => roomId);
    const stage = new RecoveryStage(fleet, roomIds, crowd, browsers, new Watch(fleet, crowd));
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
    try {
      await eventually(() => this.watch.isWholeFor(WHOLE_FOR_MS));
    } catch (error) {
      const { lastFailure } = this.crowd.counts;
      throw new Error(`still: ${this.watch.missing.join('; ')}; last failure: ${lastFailure}`, {
        cause: error,
      });
    }
  }

  /** The host of the most rooms; with `idle` one of none, that has been there for longest, and so has most clients. */
  async host({ idle = false } = {}): Promise<NodeHost> {
    // As placement has it: a node that was cut off may hold for a while what is elsewhere by now.
    // Asked of a node that may just have come back, and answers again in a moment.
    const rooms = await eventually(() =>
      Promise.all(this.roomIds.map((roomId) => this.fleet.hosts.room(roomId))),
    );
    const count = ({ nodeId }: NodeHost) => rooms.filter((room) => room?.nodes.includes(nodeId)).length;
    const { hosts } = this.fleet.hosts;
    const host = idle
      ? hosts.find((one) => count(one) === 0)
      : hosts.toSorted((a, b) => count(b) - count(a))[0];
    if (!host) throw new Error('no such host');
    return host;
  }

  /** Of the host of the most rooms, the worker to which most people are connected. */
  async busiestWorker(): Promise<WorkerDump> {
    const { nodeId } = await this.host();
    const workers = (await this.fleet.hosts.dumps()).get(nodeId) ?? [];
    const connected = ({ webRtcTransportIds }: WorkerDump) => webRtcTransportIds.length;
    const worker = workers.toSorted((a, b) => connected(b) - connected(a))[0];
    if (!worker) throw new Error(`${nodeId} has no workers`);
    return worker;
  }

  /** What those missed who missed something, milliseconds each, until all was well again. */
  async gapsOf(harm: () => unknown): Promise<number[]> {
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
    await this.browsers?.close();
    await this.fleet.close();
  }
}
