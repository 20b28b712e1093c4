import type { LaunchTemplateVersion } from '../ec2/launch-templates';
import type { Machine } from '../ports/machines';
import type { Activity } from './activities';
import type { LifecycleAction } from './lifecycle-action';

/** Source: user guide, "Amazon EC2 Auto Scaling instance lifecycle" and "Lifecycle hooks with a warm pool". */
export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed'
  | 'Terminating:Retained'
  | 'Terminated'
  | 'Warmed:Pending'
  | 'Warmed:Pending:Wait'
  | 'Warmed:Pending:Proceed'
  | 'Warmed:Stopped'
  | 'Warmed:Running'
  | 'Warmed:Terminating'
  | 'Warmed:Terminating:Wait'
  | 'Warmed:Terminating:Proceed'
  | 'Warmed:Terminating:Retained'
  | 'Warmed:Terminated';

export type Market = 'on-demand' | 'spot';

export interface GroupInstanceOptions {
  instanceId: string;
  availabilityZone: string;
  subnetId: string | undefined;
  instanceType: string;
  market: Market;
  template: LaunchTemplateVersion;
  isProtectedFromScaleIn: boolean;
  launchedAtMs: number;
  state: LifecycleState;
}

/** An instance as its group sees it. */
export class GroupInstance {
  readonly instanceId: string;
  readonly availabilityZone: string;
  readonly subnetId: string | undefined;
  readonly instanceType: string;
  readonly market: Market;
  readonly template: LaunchTemplateVersion;
  readonly launchedAtMs: number;
  state: LifecycleState;
  isProtectedFromScaleIn: boolean;
  isHealthy = true;
  /** EC2 says that it no longer runs. */
  hasFailed = false;
  /** EC2 recommended to replace it; with capacity rebalancing it leaves when its replacement serves. */
  isAtRisk = false;
  /** Undefined until it is in service, and while it is not. */
  inServiceAtMs: number | undefined;
  /** Undefined only while it is being launched. */
  machine: Machine | undefined;
  /** Hooks that hold it now. */
  actions: LifecycleAction[] = [];
  /** What happens to it now. */
  activity: Activity | undefined;

  constructor(options: GroupInstanceOptions) {
    this.instanceId = options.instanceId;
    this.availabilityZone = options.availabilityZone;
    this.subnetId = options.subnetId;
    this.instanceType = options.instanceType;
    this.market = options.market;
    this.template = options.template;
    this.launchedAtMs = options.launchedAtMs;
    this.isProtectedFromScaleIn = options.isProtectedFromScaleIn;
    this.state = options.state;
  }

  /** Counts for the desired capacity: on its way into service, or there. */
  get isMember(): boolean {
    return this.state === 'InService' || this.isPending;
  }

  get isPending(): boolean {
    return this.state.startsWith('Pending');
  }

  /** In the warm pool, on its way there, or ending from there. */
  get isWarm(): boolean {
    return this.state.startsWith('Warmed');
  }

  /** Waits to be taken into service. */
  get isPrepared(): boolean {
    return this.state === 'Warmed:Stopped' || this.state === 'Warmed:Running';
  }

  /** On its way out; retained ones count for nothing any more. */
  get isTerminating(): boolean {
    return /^(Warmed:)?Terminat/.test(this.state) && !this.isRetained;
  }

  get isRetained(): boolean {
    return this.state.endsWith('Retained');
  }

  /** Has been in service for that long. */
  isWarmedUp(warmupSeconds: number, nowMs: number): boolean {
    return this.inServiceAtMs !== undefined && nowMs - this.inServiceAtMs >= warmupSeconds * 1_000;
  }
}
