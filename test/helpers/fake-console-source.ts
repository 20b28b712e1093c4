import { FleetError } from '../../core/errors';
import type { Clock, Timer } from '../../core/clock';
import type {
  ConsoleActivity,
  ConsoleAlarm,
  ConsoleEvent,
  ConsoleNode,
  ConsoleState,
} from '../../core/protocol/console';
import { CONSOLE_CONTROL_NAMES, type ConsoleControl } from '../../core/protocol/console-controls';
import type { ConsolePipe } from '../../core/protocol/console-pipes';
import { poolUse } from '../../core/protocol/console-pool';
import type { ConsoleSource } from '../../local/console/console-source';

export interface FakeConsoleSourceOptions {
  clock: Clock;
  /** @default 2 */
  nodes?: number;
  /** Rooms at first, each of eight peers. @default 6 */
  rooms?: number;
  /** How ids begin; long ones try the layout. @default '' */
  idPrefix?: string;
}

type FakeNode = ConsoleNode & { instance: NonNullable<ConsoleNode['instance']> };

interface FakeRoom {
  roomId: string;
  nodeId: string;
  peers: number;
  own: boolean;
}

const SAFE_BPS = 750_000_000;
const SAFE_PACKETS = 90_000;
const BPS_PER_PEER = 6_000_000;
const PACKETS_PER_PEER = 620;
const BOOT_MS = 26_000;
const ALARM_PERIOD_MS = 10_000;
const BUSY = { name: 'fleet-busy', threshold: 0.65 } as const;
const IDLE = { name: 'fleet-idle', threshold: 0.35 } as const;
const SILENT = { name: 'fleet-silent-node', threshold: 30_000 } as const;
const MAX = 24;

/** A fleet that exists only in this object: it loads, scales, boots, drains and dies by the clock, all the same each time. */
export class FakeConsoleSource implements ConsoleSource {
  /** All that were accepted, in order. */
  readonly controls: ConsoleControl[] = [];
  /** While set, the state can't be read. */
  trouble: Error | undefined;
  private readonly nodes: FakeNode[] = [];
  private readonly rooms: FakeRoom[] = [];
  private readonly alarms: ConsoleAlarm[];
  private readonly activities: ConsoleActivity[] = [];
  private readonly log: ConsoleEvent[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly timer: Timer;
  private desired: number;
  private redis: 'reachable' | 'cut' = 'reachable';
  private steps = 0;
  private made = 0;

  constructor(private readonly options: FakeConsoleSourceOptions) {
    const { clock, nodes = 2, rooms = 6 } = options;
    this.desired = nodes;
    this.alarms = [
      alarm(BUSY, 'GreaterThanOrEqualToThreshold', 'Utilization is high, nodes are added.', ['ScaleOut']),
      alarm(IDLE, 'LessThanThreshold', 'One node fewer would carry the load.', ['ScaleIn']),
      alarm(SILENT, 'GreaterThanThreshold', 'A node does not report.', []),
    ].map((made) => ({ ...made, sinceMs: clock.nowMs() }));
    for (let index = 0; index < nodes; index += 1) this.launch('part of the deployment', true);
    for (let index = 0; index < rooms; index += 1) this.addRoom(8, false);
    this.timer = clock.setRepeating(1_000, () => this.step());
  }

  close(): void {
    this.timer.cancel();
  }

  async state(): Promise<ConsoleState> {
    if (this.trouble) throw this.trouble;
    const nodes = this.nodes.map((node) => this.describe(node));
    return {
      mode: 'local',
      region: 'eu-central-1',
      release: '0.1.0',
      nowMs: this.options.clock.nowMs(),
      speed: 1,
      nodes,
      rooms: {
        list: this.rooms.slice(0, 200).map(({ roomId, nodeId, peers }) => ({
          roomId,
          nodeIds: [nodeId],
          peers,
          egressBps: peers * BPS_PER_PEER,
        })),
        total: this.rooms.length,
      },
      pool: {
        ...poolUse(nodes),
        scaleOutUtilization: BUSY.threshold,
        scaleInUtilization: IDLE.threshold,
        desired: this.desired,
        inService: this.nodes.filter(({ instance }) => instance.lifecycleState === 'InService').length,
        min: 1,
        max: MAX,
      },
      alarms: structuredClone(this.alarms),
      activities: structuredClone(this.activities.slice(0, 50)),
      load: {
        rooms: this.rooms.filter(({ own }) => own).length,
        peers: this.rooms.reduce((sum, { own, peers }) => sum + (own ? peers : 0), 0),
      },
      redis: this.redis,
      controls: [...CONSOLE_CONTROL_NAMES],
    };
  }

  async pipes(roomId: string): Promise<ConsolePipe[]> {
    const room = this.rooms.find((one) => one.roomId === roomId);
    if (room === undefined) throw new FleetError('FLEET_ERR_NOT_FOUND');
    return [
      {
        from: 'node-elsewhere',
        to: `${room.nodeId} worker 0`,
        streams: 4,
        layers: 5,
        bitrateBps: 2_100_000,
        rttMs: 34,
        lossRatio: 0.01,
      },
    ];
  }

  events(afterSequence: number): readonly ConsoleEvent[] {
    return this.log.filter(({ sequence }) => sequence > afterSequence);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** An event that says just this. */
  note(kind: string, tone: ConsoleEvent['tone'], text: string): void {
    const sequence = (this.log.at(-1)?.sequence ?? 0) + 1;
    this.log.push({ sequence, atMs: this.options.clock.nowMs(), kind, tone, text });
    for (const listener of this.listeners) listener();
  }

  async control(action: ConsoleControl): Promise<void> {
    this.act(action);
    this.controls.push(action);
  }

  private act({ name, payload }: ConsoleControl): void {
    switch (name) {
      case 'add-load':
        for (let index = 0; index < payload.rooms; index += 1) this.addRoom(payload.peersPerRoom, true);
        return;
      case 'remove-load': {
        const own = this.rooms.filter((room) => room.own).slice(0, payload.rooms);
        for (const room of own) this.rooms.splice(this.rooms.indexOf(room), 1);
        return;
      }
      case 'cordon':
        this.enter(this.node(payload.nodeId), 'CORDONED').cordonReason = payload.reason;
        return;
      case 'uncordon':
        this.enter(this.node(payload.nodeId), 'SERVING').cordonReason = undefined;
        return;
      case 'drain':
        this.drain(this.node(payload.nodeId), 'operator', payload.deadlineMinutes * 60_000);
        return;
      case 'kill-node': {
        const node = this.node(payload.nodeId);
        this.note('instance-state', 'bad', `${node.nodeId}: its process was killed`);
        this.remove(node);
        return;
      }
      case 'cut-redis':
      case 'restore-redis':
        this.redis = name === 'cut-redis' ? 'cut' : 'reachable';
        this.note('redis', name === 'cut-redis' ? 'bad' : 'good', `Redis is ${this.redis}`);
        return;
      case 'set-desired-capacity':
        if (payload.desired > MAX) {
          throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: `the group has at most ${MAX}` });
        }
        this.setDesired(payload.desired, 'set in the console');
        return;
      case 'interrupt-spot': {
        const node = this.nodes.find(({ instance }) => instance.instanceId === payload.instanceId);
        if (node?.instance.market !== 'spot') throw new FleetError('FLEET_ERR_NOT_FOUND');
        this.drain(node, 'spot', 120_000);
      }
    }
  }

  private step(): void {
    this.steps += 1;
    const { clock } = this.options;
    for (const node of [...this.nodes]) {
      const bootedAtMs = (node.sinceMs ?? 0) + BOOT_MS;
      if (node.state === undefined && bootedAtMs <= clock.nowMs()) this.serve(node);
      if (node.state === 'DRAINING') this.empty(node);
    }
    this.alarms.forEach((each) => this.measure(each));
    const active = this.nodes.filter(({ drain }) => drain === undefined);
    if (active.length < this.desired) this.launch('a difference between desired and actual capacity', false);
    const surplus = active.toSorted((a, b) => this.peersOf(a.nodeId) - this.peersOf(b.nodeId))[0];
    if (active.length > this.desired && surplus) this.drain(surplus, 'scale-in', 1_800_000);
  }

  private measure(each: ConsoleAlarm): void {
    const nowMs = this.options.clock.nowMs();
    if (this.steps % (ALARM_PERIOD_MS / 1_000) !== 0) return;
    const { utilization } = poolUse(this.nodes.map((node) => this.describe(node)));
    each.value = each.name === SILENT.name ? 900 : utilization;
    each.series = [...each.series, [nowMs, each.value] satisfies [number, number]].slice(-60);
    const state = breaches(each) ? 'ALARM' : 'OK';
    if (state !== each.state) {
      this.note('alarm', state === 'ALARM' ? 'warning' : 'good', `${each.name}: ${each.state} → ${state}`);
      each.state = state;
      each.sinceMs = nowMs;
      each.history = [{ atMs: nowMs, state } as const, ...each.history].slice(0, 20);
    }
    const booting = this.nodes.some((node) => node.state === undefined);
    if (each.name === BUSY.name && state === 'ALARM' && !booting && this.desired < MAX) {
      this.setDesired(this.desired + 1, `alarm ${each.name} triggered policy ScaleOut`);
    }
  }

  private setDesired(desired: number, cause: string): void {
    this.note('desired-capacity', 'warning', `Desired capacity ${this.desired} → ${desired}: ${cause}`);
    this.desired = desired;
  }

  private launch(cause: string, booted: boolean): void {
    const index = (this.made += 1);
    const instanceId = `i-0${(0x5f3a9c1e0000 + index * 0x1d0f7).toString(16)}`;
    const node: FakeNode = {
      nodeId: `${this.options.idPrefix ?? ''}node-${index}`,
      sinceMs: this.options.clock.nowMs(),
      instance: {
        instanceId,
        lifecycleState: 'Pending',
        type: index % 3 === 0 ? 'c7gn.xlarge' : 'c7gn.large',
        zone: `eu-central-1${'abc'.charAt(index % 3)}`,
        market: index % 3 === 0 ? 'spot' : 'on-demand',
      },
      alive: false,
      ready: false,
      release: '0.1.0',
      safeEgressBps: SAFE_BPS,
      safePacketsPerSecond: SAFE_PACKETS,
      ...{ egressBps: 0, committedEgressBps: 0, packetsPerSecond: 0, committedPacketsPerSecond: 0 },
      ...{ rooms: 0, peers: 0 },
    };
    this.nodes.push(node);
    this.begin(`launch-${instanceId}`, `Launching a new EC2 instance: ${instanceId}`, cause);
    if (booted) this.serve(node);
  }

  private serve(node: FakeNode): void {
    node.instance.lifecycleState = 'InService';
    node.alive = true;
    node.ready = true;
    this.enter(node, 'SERVING');
    this.finish(`launch-${node.instance.instanceId}`);
  }

  private drain(node: FakeNode, reason: 'scale-in' | 'operator' | 'spot', withinMs: number): void {
    this.enter(node, 'DRAINING');
    node.drain = {
      reason,
      deadlineAtMs: this.options.clock.nowMs() + withinMs,
      remainingRooms: 0,
      remainingPeers: 0,
      failed: false,
    };
    if (reason === 'operator') return;
    const { instanceId } = node.instance;
    node.instance.lifecycleState = 'Terminating:Wait';
    const cause = reason === 'spot' ? 'EC2 takes a spot instance back' : 'the group has one too many';
    this.begin(`terminate-${instanceId}`, `Terminating EC2 instance: ${instanceId}`, cause);
  }

  /** A room ends every other second. */
  private empty(node: FakeNode): void {
    const room = this.rooms.find(({ nodeId }) => nodeId === node.nodeId);
    if (room && this.steps % 2 === 0) this.rooms.splice(this.rooms.indexOf(room), 1);
    if (room) return;
    this.enter(node, 'DRAINED');
    if (node.drain?.reason !== 'operator') this.remove(node);
  }

  private remove(node: FakeNode): void {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    for (const room of [...this.rooms]) {
      if (room.nodeId === node.nodeId) this.rooms.splice(this.rooms.indexOf(room), 1);
    }
    this.finish(`terminate-${node.instance.instanceId}`);
  }

  private enter(node: FakeNode, state: NonNullable<ConsoleNode['state']>): FakeNode {
    this.note('node-state', 'neutral', `${node.nodeId}: ${node.state ?? 'boots'} → ${state}`);
    node.state = state;
    node.sinceMs = this.options.clock.nowMs();
    if (state === 'SERVING') node.drain = undefined;
    return node;
  }

  private begin(id: string, description: string, cause: string): void {
    const startedAtMs = this.options.clock.nowMs();
    this.activities.unshift({
      id,
      status: 'InProgress',
      description,
      cause: `At ${new Date(startedAtMs).toISOString()}: ${cause}.`,
      startedAtMs,
      progress: 30,
    });
    this.note('activity', 'neutral', `${description} (InProgress)`);
  }

  private finish(id: string): void {
    const activity = this.activities.find((candidate) => candidate.id === id);
    if (!activity) return;
    Object.assign(activity, {
      status: 'Successful',
      progress: 100,
      endedAtMs: this.options.clock.nowMs(),
    });
    this.note('activity', 'good', `${activity.description} (Successful)`);
  }

  /** To the node with the least. */
  private addRoom(peers: number, own: boolean): void {
    const open = this.nodes.filter(({ state }) => state === 'SERVING');
    const [node] = open.toSorted((a, b) => this.peersOf(a.nodeId) - this.peersOf(b.nodeId));
    if (!node) throw new FleetError('FLEET_ERR_NO_CAPACITY');
    const roomId = `${this.options.idPrefix ?? ''}${own ? 'load' : 'standup'}-${(this.made += 1)}`;
    this.rooms.push({ roomId, nodeId: node.nodeId, peers, own });
  }

  private node(nodeId: string): FakeNode {
    const node = this.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (!node) throw new FleetError('FLEET_ERR_NOT_FOUND', { message: 'no such node' });
    return node;
  }

  private peersOf(nodeId: string): number {
    return this.rooms.reduce((sum, room) => sum + (room.nodeId === nodeId ? room.peers : 0), 0);
  }

  /** Its traffic waves a little, as real traffic does. */
  private describe(node: FakeNode): ConsoleNode {
    const peers = this.peersOf(node.nodeId);
    const rooms = this.rooms.filter(({ nodeId }) => nodeId === node.nodeId).length;
    const wave = 1 + 0.06 * Math.sin(this.steps / 7 + node.nodeId.length + peers);
    return {
      ...node,
      instance: { ...node.instance },
      rooms,
      peers,
      egressBps: peers * BPS_PER_PEER * wave,
      committedEgressBps: peers * BPS_PER_PEER * 1.25,
      packetsPerSecond: peers * PACKETS_PER_PEER * wave,
      committedPacketsPerSecond: peers * PACKETS_PER_PEER * 1.25,
      drain: node.drain && { ...node.drain, remainingRooms: rooms, remainingPeers: peers },
    };
  }
}

function alarm(
  { name, threshold }: { name: string; threshold: number },
  comparison: ConsoleAlarm['comparison'],
  description: string,
  actions: string[],
): ConsoleAlarm {
  return {
    ...{ name, threshold, comparison, description, actions },
    ...{ state: 'OK', sinceMs: 0, series: [], history: [] },
  };
}

function breaches({ value = 0, threshold, comparison }: ConsoleAlarm): boolean {
  switch (comparison) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
  }
}
