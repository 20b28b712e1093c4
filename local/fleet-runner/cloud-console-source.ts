import { FleetError } from '../../core/errors';
import { MAX_ALARM_POINTS, MAX_CONSOLE_ACTIVITIES, MAX_CONSOLE_ROOMS } from '../../core/protocol/console';
import type { ConsoleAlarm, ConsoleEvent, ConsoleNode, ConsoleState } from '../../core/protocol/console';
import {
  pipesFromOperatorApi,
  type ConsolePipe,
  type OperatorRoomDetail,
} from '../../core/protocol/console-pipes';
import type { ConsoleControl } from '../../core/protocol/console-controls';
import {
  stateFromOperatorApi,
  type OperatorNode,
  type OperatorRoom,
} from '../../core/protocol/console-operator-state';
import { poolUse } from '../../core/protocol/console-pool';
import type { Group } from '../cloud/autoscaling/group';
import { setDesiredCapacity } from '../cloud/autoscaling/operations/set-desired-capacity';
import type { AlarmView } from '../cloud/cloudwatch/alarm-view';
import type { LocalCloud } from '../cloud/local-cloud';
import { ServiceError } from '../cloud/wire/service-error';
import type { ConsoleSource } from '../console/console-source';
import { describeEntry } from '../console/journal-text';
import type { ConsoleLoad } from './console-load';
import type { RunStore } from './run-store';

export interface CloudConsoleSourceOptions {
  cloud: LocalCloud;
  store: RunStore;
  load: ConsoleLoad;
  region: string;
  speed: number;
  /** Asks a node that answers, as an operator. @throws FleetError when none does, or it refuses */
  ask: (request: OperatorRequest) => Promise<unknown>;
}

/** Of the operator API. */
export interface OperatorRequest {
  method: 'GET' | 'POST';
  path: string;
  body?: object;
}

/** The scaling policies' own alarms, by the end of their names. */
const BUSY = '-busy';
const IDLE = '-idle';

/** The console of a fleet on this machine: what the nodes say, and what only AWS would know. */
export class CloudConsoleSource implements ConsoleSource {
  constructor(private readonly options: CloudConsoleSourceOptions) {}

  async state(): Promise<ConsoleState> {
    const { cloud, store, load, region, speed } = this.options;
    const [group] = cloud.autoScaling.groups();
    const fleet = await this.readFleet();
    const nodes = this.joinInstances(fleet.nodes, group);
    const alarms = this.alarmViews();
    const threshold = (end: string) => alarms.find(({ name }) => name.endsWith(end))?.threshold;
    return {
      ...fleet,
      mode: 'local',
      region,
      speed,
      nodes,
      pool: {
        ...poolUse(nodes),
        scaleOutUtilization: threshold(BUSY),
        scaleInUtilization: threshold(IDLE),
        ...(group && {
          desired: group.state.desired,
          inService: group.state.inService().length,
          min: group.state.settings.minSize,
          max: group.state.settings.maxSize,
        }),
      },
      alarms: alarms.map((view) => this.describeAlarm(view)),
      activities: group ? describeActivities(group) : [],
      load: load.figures,
      redis: store.isCut ? 'cut' : 'reachable',
      controls: [
        ...([
          'add-load',
          'remove-load',
          'cordon',
          'uncordon',
          'drain',
          'kill-node',
          'set-desired-capacity',
        ] as const),
        store.isCut ? 'restore-redis' : 'cut-redis',
        'interrupt-spot',
      ],
    };
  }

  async pipes(roomId: string): Promise<ConsolePipe[]> {
    const path = `/v1/rooms/${encodeURIComponent(roomId)}`;
    return pipesFromOperatorApi((await this.options.ask({ method: 'GET', path })) as OperatorRoomDetail);
  }

  events(afterSequence: number): readonly ConsoleEvent[] {
    return this.options.cloud.journal.entries(afterSequence).map(describeEntry);
  }

  subscribe(listener: () => void): () => void {
    return this.options.cloud.journal.subscribe(() => listener());
  }

  async control(action: ConsoleControl): Promise<void> {
    await this.perform(action);
    this.options.cloud.journal.add({ kind: 'control', name: action.name, subject: subjectOf(action) });
  }

  private async perform(action: ConsoleControl): Promise<void> {
    const { cloud, store, load } = this.options;
    switch (action.name) {
      case 'add-load':
        return load.add(action.payload);
      case 'remove-load':
        return load.remove(action.payload.rooms);
      case 'cordon':
      case 'uncordon': {
        const { nodeId, ...body } = action.payload;
        await this.command(nodeId, action.name, body);
        return;
      }
      case 'drain': {
        const { nodeId, ...body } = action.payload;
        await this.command(nodeId, 'drain', body);
        return;
      }
      case 'kill-node': {
        const machine = cloud.machines.find(action.payload.nodeId);
        if (!machine) throw notFound(action.payload.nodeId);
        return machine.killNode();
      }
      case 'cut-redis':
        return store.cutOff();
      case 'restore-redis':
        return store.restore();
      case 'set-desired-capacity':
        return this.setDesired(action.payload.desired);
      case 'interrupt-spot': {
        const { instanceId } = action.payload;
        if (!cloud.autoScaling.findInstance(instanceId)) throw notFound(instanceId);
        return asFleetError(() => cloud.autoScaling.interruptSpot(instanceId));
      }
    }
  }

  /** What goes off first, then what scales the group, then what has data at all. */
  private alarmViews(): AlarmView[] {
    const { alarms } = this.options.cloud.cloudWatch;
    const rank = (view: AlarmView): number => {
      if (view.state === 'ALARM') return 0;
      if (/^Scaling\b/.test(view.description)) return 1;
      return view.values.some((value) => value !== undefined) ? 2 : 3;
    };
    const views = alarms.all().flatMap(({ name }) => alarms.view(name) ?? []);
    return views.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  }

  /** As a node tells it. While placement is away nobody can list: what Auto Scaling knows is shown all the same. */
  private async readFleet(): Promise<ConsoleState> {
    const nowMs = this.options.cloud.clock.nowMs();
    const answers = { nodes: [] as OperatorNode[], rooms: [] as OperatorRoom[], moreRooms: false };
    if (!this.options.store.isCut) {
      const [{ nodes }, { rooms, cursor }] = (await Promise.all([
        this.options.ask({ method: 'GET', path: '/v1/nodes' }),
        this.options.ask({ method: 'GET', path: `/v1/rooms?limit=${MAX_CONSOLE_ROOMS}` }),
      ])) as [{ nodes: OperatorNode[] }, { rooms: OperatorRoom[]; cursor?: string }];
      answers.nodes = nodes;
      answers.rooms = rooms.slice(0, MAX_CONSOLE_ROOMS);
      answers.moreRooms = cursor !== undefined || rooms.length > MAX_CONSOLE_ROOMS;
    }
    return stateFromOperatorApi({ nowMs, ...answers });
  }

  /** Each node with its instance, and instances that have no node (yet, or any more). */
  private joinInstances(nodes: readonly ConsoleNode[], group: Group | undefined): ConsoleNode[] {
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const joined = [...(group?.state.instances.values() ?? [])].map((instance): ConsoleNode => {
      const { instanceId, state, instanceType, availabilityZone, market } = instance;
      const node = byId.get(instanceId) ?? {
        ...WITHOUT_NODE,
        nodeId: instanceId,
        sinceMs: instance.launchedAtMs,
      };
      byId.delete(instanceId);
      return {
        ...node,
        instance: { instanceId, lifecycleState: state, type: instanceType, zone: availabilityZone, market },
      };
    });
    // Of instances that have ended; placement forgets them in a while.
    return [...joined, ...[...byId.values()].filter(({ alive }) => alive)];
  }

  private describeAlarm(view: AlarmView): ConsoleAlarm {
    const periodMs = view.periodSeconds * 1_000;
    const series = view.values.map((value, index): [number, number | null] => [
      view.startMs + index * periodMs,
      value ?? null,
    ]);
    const newest = view.values.findLast((value) => value !== undefined);
    return {
      name: view.name,
      state: view.state,
      sinceMs: view.stateSinceMs,
      threshold: view.threshold,
      comparison: view.comparison,
      value: newest,
      series: series.slice(-MAX_ALARM_POINTS),
      history: view.history.flatMap(({ type, atMs, data }) => {
        const state = type === 'StateUpdate' ? newStateOf(data) : undefined;
        return state ? [{ atMs, state }] : [];
      }),
      description: view.description,
      actions: this.actionsOf(view.name),
    };
  }

  private actionsOf(alarmName: string): string[] {
    const { cloudWatch, autoScaling } = this.options.cloud;
    const arns = cloudWatch.alarms.get(alarmName)?.definition.actions.ALARM ?? [];
    return arns.map((arn) => autoScaling.findPolicy(arn)?.policy.name ?? arn.slice(arn.lastIndexOf(':') + 1));
  }

  private async command(nodeId: string, verb: string, body: object): Promise<void> {
    await this.options.ask({ method: 'POST', path: `/v1/nodes/${encodeURIComponent(nodeId)}/${verb}`, body });
  }

  private setDesired(desired: number): Promise<void> {
    const { autoScaling } = this.options.cloud;
    const [group] = autoScaling.groups();
    if (!group) throw notFound('the group');
    const { handle } = setDesiredCapacity(autoScaling);
    return asFleetError(() =>
      handle({ AutoScalingGroupName: group.state.settings.name, DesiredCapacity: desired }),
    );
  }
}

/** What an instance that boots, or whose node is gone, has of a node. */
const WITHOUT_NODE: Omit<ConsoleNode, 'nodeId'> = {
  alive: false,
  ready: false,
  egressBps: 0,
  committedEgressBps: 0,
  safeEgressBps: 0,
  packetsPerSecond: 0,
  committedPacketsPerSecond: 0,
  safePacketsPerSecond: 0,
  rooms: 0,
  peers: 0,
};

function describeActivities({ state }: Group): NonNullable<ConsoleState['activities']> {
  return state.activities
    .list()
    .slice(0, MAX_CONSOLE_ACTIVITIES)
    .map((activity) => ({
      id: activity.activityId,
      status: activity.status,
      description: activity.description,
      cause: activity.cause,
      startedAtMs: activity.startedAtMs,
      endedAtMs: activity.endedAtMs,
      progress: activity.progress,
    }));
}

function newStateOf(data: string): ConsoleAlarm['state'] | undefined {
  const { newState } = JSON.parse(data) as { newState?: { stateValue?: ConsoleAlarm['state'] } };
  return newState?.stateValue;
}

/** What the service refuses is the person's mistake, not ours. */
async function asFleetError(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: error.message, cause: error });
  }
}

function subjectOf({ payload }: ConsoleControl): string {
  if ('nodeId' in payload) return payload.nodeId;
  if ('instanceId' in payload) return payload.instanceId;
  return Object.entries(payload)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function notFound(what: string): FleetError {
  return new FleetError('FLEET_ERR_NOT_FOUND', { message: `there is no ${what}` });
}
