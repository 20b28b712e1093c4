/** What Auto Scaling asks of EC2 for one instance. */
export interface MachineSpec {
  instanceId: string;
  /** What is on its disk: the AMI of the launch template. */
  imageId: string;
  /** E.g. `c7gn.large`. */
  instanceType: string;
  availabilityZone: string;
  market: 'on-demand' | 'spot';
  /** As the launch template has it, Base64. */
  userData: string;
  /** `autoscaling/target-lifecycle-state` of the instance metadata, at first. */
  targetLifecycleState: string;
  /** Part of the deployment that is there when the run begins: no time to boot. @default false */
  prebooted?: boolean;
}

export type MachineState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** One instance of EC2. All changes are idempotent. */
export interface Machine {
  readonly instanceId: string;
  readonly state: MachineState;
  /** What the instance reads of its future in its metadata. */
  setTargetLifecycleState(state: string): void;
  /** EC2 wants a spot instance back at this moment, milliseconds since 1970; the metadata says so from now on. */
  announceInterruption(atMs: number): void;
  /** To `stopped`; its process ends. Resolves then. */
  stop(): Promise<void>;
  /** From `stopped` to `running`, which it resolves with. */
  start(): Promise<void>;
  /** Ends its process and frees its address. Resolves at `terminated`. */
  terminate(): Promise<void>;
}

/** EC2. */
export interface Machines {
  /** Begins a machine in `pending`. `onRunning` is called once when it is `running`; its node needs longer. */
  launch(spec: MachineSpec, events: MachineEvents): Machine;
}

export interface MachineEvents {
  onRunning: () => void;
  /** It ended without {@link Machine.terminate}: EC2's status checks fail. */
  onFailed: (reason: string) => void;
}
