import type { Clock } from '../../../core/clock';
import type {
  Machine,
  MachineEvents,
  Machines,
  MachineSpec,
  MachineState,
} from '../../../local/cloud/ports/machines';

export interface FakeMachinesOptions {
  clock: Clock;
  /** From launch to running. @default 8_000 */
  launchMs?: number;
  /** From stopped to running, and back. @default 4_000 */
  changeMs?: number;
}

/** Machines without processes, that take their time by the clock. */
export class FakeMachines implements Machines {
  readonly launched: FakeMachine[] = [];
  /** Launches fail with it while it is set. */
  refusal: string | undefined;

  constructor(private readonly options: FakeMachinesOptions) {}

  launch(spec: MachineSpec, events: MachineEvents): FakeMachine {
    if (this.refusal !== undefined) throw new Error(this.refusal);
    const { clock, launchMs = 8_000, changeMs = 4_000 } = this.options;
    const machine = new FakeMachine(spec, events, clock, changeMs);
    clock.setTimer(spec.prebooted ? 0 : launchMs, () => machine.begin());
    this.launched.push(machine);
    return machine;
  }

  get(instanceId: string): FakeMachine {
    const machine = this.launched.find((one) => one.instanceId === instanceId);
    if (!machine) throw new Error(`no machine ${instanceId}`);
    return machine;
  }
}

export class FakeMachine implements Machine {
  state: MachineState = 'pending';
  /** What its metadata said, one after the other. */
  readonly targetStates: string[];
  interruptionAtMs: number | undefined;

  constructor(
    readonly spec: MachineSpec,
    private readonly events: MachineEvents,
    private readonly clock: Clock,
    private readonly changeMs: number,
  ) {
    this.targetStates = [spec.targetLifecycleState];
  }

  get instanceId(): string {
    return this.spec.instanceId;
  }

  begin(): void {
    if (this.state !== 'pending') return;
    this.state = 'running';
    this.events.onRunning();
  }

  /** It dies by itself. */
  fail(): void {
    this.state = 'terminated';
    this.events.onFailed('status check');
  }

  setTargetLifecycleState(state: string): void {
    this.targetStates.push(state);
  }

  announceInterruption(atMs: number): void {
    this.interruptionAtMs = atMs;
  }

  async stop(): Promise<void> {
    this.state = 'stopping';
    await this.wait();
    if (this.state === 'stopping') this.state = 'stopped';
  }

  async start(): Promise<void> {
    this.state = 'pending';
    await this.wait();
    if (this.state === 'pending') this.state = 'running';
  }

  async terminate(): Promise<void> {
    if (this.state === 'terminated') return;
    this.state = 'shutting-down';
    await this.wait();
    this.state = 'terminated';
  }

  private wait(): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(this.changeMs, resolve));
  }
}
