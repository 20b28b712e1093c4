import { join } from 'node:path';
import type { Clock } from '../../../core/clock';
import { NodeProcess, type NodeReady } from '../../fleet-runner/node-process';
import { NodeSupervisor } from '../../fleet-runner/node-supervisor';
import type { Watchdog } from '../../fleet-runner/watchdog';
import type { CloudLatencies } from '../cloud-latencies';
import type { Machine, MachineEvents, MachineSpec, MachineState } from '../ports/machines';
import type { AddressPool, InstanceAddress } from './address-pool';
import type { MachineImages } from './machine-images';
import { MetadataService } from './metadata-service';
import { runUserData } from './user-data';

/** A node that runs on an instance of this cloud. */
export interface InstanceNode {
  instanceId: string;
  address: InstanceAddress;
  pid: number;
}

/** Told of the processes on the instances, of which EC2 itself knows nothing. */
export interface MachineObserver {
  onNodeReady: (node: InstanceNode) => void;
  /** @param restartInMs undefined: it stays away */
  onNodeDied: (instanceId: string, reason: string, restartInMs: number | undefined) => void;
  /** It never came up; its launch hook will time out. */
  onNodeFailed: (instanceId: string, reason: string) => void;
  onNodeWarning: (instanceId: string, warning: { level: 'warn' | 'error'; message: string }) => void;
}

export interface LocalMachineOptions {
  /** The cloud's: how long things take on AWS. */
  clock: Clock;
  /** This machine's: what processes really do. */
  processClock: Clock;
  latencies: CloudLatencies;
  region: string;
  addresses: AddressPool;
  images: Pick<MachineImages, 'folderOf'>;
  /** Makes an instance's folder. */
  folder: (instanceId: string) => string;
  logFolder: string;
  watchdog: Watchdog;
  /** Start a node again that died, as its service unit does. */
  restart: boolean;
  /** The whole environment of an instance's node, from what its user data wrote. */
  nodeEnvironment: (instance: BootedInstance) => Promise<NodeJS.ProcessEnv>;
  observer: MachineObserver;
}

export interface BootedInstance {
  instanceId: string;
  address: InstanceAddress;
  /** What its AMI holds. */
  imageFolder: string;
  metadataUrl: string;
  /** As the template's user data wrote it. */
  userDataVariables: Readonly<Record<string, string>>;
}

/** A node's own graceful stop may take this long, milliseconds, … */
export const NODE_STOP_TIMEOUT_MS = 2_000;
/** … and is killed after this. */
const NODE_STOP_GRACE_MS = 3_000;

/** One EC2 instance: an address, a metadata service, and the node's process as its service unit would keep it. */
export class LocalMachine implements Machine {
  private current: MachineState = 'pending';
  private address: InstanceAddress | undefined;
  private metadata: MetadataService | undefined;
  private supervisor: NodeSupervisor | undefined;
  private userDataVariables: Record<string, string> | undefined;
  /** Ends the waits of a boot that is given up. */
  private readonly endWaits = new Set<() => void>();
  private booting: Promise<void>;
  private ending: Promise<void> | undefined;
  private targetState: string;
  private interruption: number | undefined;

  constructor(
    private readonly spec: MachineSpec,
    private readonly options: LocalMachineOptions,
    private readonly events: MachineEvents,
  ) {
    this.targetState = spec.targetLifecycleState;
    this.booting = this.boot(options.latencies.launchMs, options.latencies.coldBootMs);
  }

  get instanceId(): string {
    return this.spec.instanceId;
  }

  get state(): MachineState {
    return this.current;
  }

  setTargetLifecycleState(state: string): void {
    this.targetState = state;
    this.metadata?.set('autoscaling/target-lifecycle-state', state);
  }

  announceInterruption(atMs: number): void {
    this.interruption = atMs;
    this.metadata?.set('spot/instance-action', interruptionNotice(atMs));
  }

  /** Where its node is reached. Undefined before it has an address. */
  get nodeAddress(): InstanceAddress | undefined {
    return this.address;
  }

  /** SIGKILL to the node's process, as a crash; its service unit starts it again. */
  killNode(): void {
    this.supervisor?.kill();
  }

  async stop(): Promise<void> {
    if (this.current !== 'running') return;
    this.current = 'stopping';
    for (const end of this.endWaits) end();
    await this.endNode();
    if (this.current === 'stopping') this.current = 'stopped';
  }

  async start(): Promise<void> {
    if (this.current !== 'stopped') return;
    this.current = 'pending';
    const { launchMs, warmBootMs } = this.options.latencies;
    this.booting = this.boot(Math.min(launchMs, warmBootMs), warmBootMs);
    await this.booting;
  }

  terminate(): Promise<void> {
    this.ending ??= (async () => {
      if (this.current === 'terminated') return;
      this.current = 'shutting-down';
      for (const end of this.endWaits) end();
      await this.booting;
      await this.endNode();
      this.metadata?.close();
      if (this.address) this.options.addresses.give(this.address);
      this.current = 'terminated';
    })();
    return this.ending;
  }

  /** Resolves at `running`; the node comes later. */
  private async boot(launchMs: number, bootMs: number): Promise<void> {
    const { prebooted = false } = this.spec;
    try {
      if (!prebooted) await this.wait(launchMs);
      if (this.current !== 'pending') return;
      await this.giveAddress();
    } catch (error) {
      return this.fail(error);
    }
    if (this.current !== 'pending') return;
    this.current = 'running';
    this.events.onRunning();
    void this.bootNode(prebooted ? 0 : bootMs - launchMs);
  }

  private async bootNode(waitMs: number): Promise<void> {
    try {
      if (waitMs > 0) await this.wait(waitMs);
      if (this.current !== 'running') return;
      const instance = await this.runFirstBoot();
      if (this.current !== 'running') return;
      await this.startNode(instance);
    } catch (error) {
      if (this.current !== 'running') return;
      this.options.observer.onNodeFailed(this.instanceId, messageOf(error));
    }
  }

  private async giveAddress(): Promise<void> {
    this.address ??= await this.options.addresses.take();
    const { host } = this.address;
    this.metadata ??= await MetadataService.start(host, {
      ...this.identity(),
      mac: MAC,
      'local-ipv4': host,
      'public-ipv4': host,
      'autoscaling/target-lifecycle-state': this.targetState,
      ...(this.interruption !== undefined && {
        'spot/instance-action': interruptionNotice(this.interruption),
      }),
    });
    this.metadata.set('autoscaling/target-lifecycle-state', this.targetState);
  }

  private identity(): Record<string, string> {
    const { instanceId, instanceType, availabilityZone, imageId, market } = this.spec;
    return {
      'instance-id': instanceId,
      'instance-type': instanceType,
      'instance-life-cycle': market,
      'ami-id': imageId,
      'placement/availability-zone': availabilityZone,
      'placement/region': this.options.region,
    };
  }

  /** User data runs once in an instance's life. Source: EC2 user guide, "Run commands at launch". */
  private async runFirstBoot(): Promise<BootedInstance> {
    const { spec, options, address, metadata } = this;
    if (!address || !metadata) throw new Error('it has no address');
    this.userDataVariables ??= await runUserData({
      userData: spec.userData,
      root: options.folder(spec.instanceId),
      metadata: this.identity(),
    });
    return {
      instanceId: spec.instanceId,
      address,
      imageFolder: options.images.folderOf(spec.imageId),
      metadataUrl: metadata.url,
      userDataVariables: this.userDataVariables,
    };
  }

  private async startNode(instance: BootedInstance): Promise<void> {
    const { options, instanceId } = this;
    const { observer } = options;
    const env = await options.nodeEnvironment(instance);
    if (this.current !== 'running') return;
    const supervisor = new NodeSupervisor({
      clock: options.processClock,
      restart: options.restart,
      launch: () =>
        new NodeProcess({
          entry: join(instance.imageFolder, 'app', 'main.js'),
          env,
          logFile: join(options.logFolder, `${instanceId}.log`),
          watchdog: options.watchdog,
          clock: options.processClock,
          onWarning: (warning) => observer.onNodeWarning(instanceId, warning),
        }),
      onReady: (_ready: NodeReady, process) =>
        observer.onNodeReady({ instanceId, address: instance.address, pid: process.pid ?? 0 }),
      onDied: ({ reason, restartInMs }) => observer.onNodeDied(instanceId, reason, restartInMs),
    });
    this.supervisor = supervisor;
    await supervisor.start();
  }

  private async endNode(): Promise<void> {
    const { supervisor } = this;
    this.supervisor = undefined;
    await supervisor?.stop(NODE_STOP_GRACE_MS);
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.endWaits.delete(end);
        resolve();
      };
      const timer = this.options.clock.setTimer(ms, end);
      this.endWaits.add(end);
    });
  }

  private fail(error: unknown): void {
    if (this.current !== 'pending') return;
    this.current = 'terminated';
    this.events.onFailed(messageOf(error));
  }
}

/** Every instance has one network interface; its addresses are asked for by this name. */
const MAC = '02:00:00:00:00:01';

/** Source: EC2 user guide, "Spot Instance interruption notices". */
function interruptionNotice(atMs: number): string {
  return JSON.stringify({ action: 'terminate', time: `${new Date(atMs).toISOString().slice(0, 19)}Z` });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
