import type { Machine, MachineEvents, Machines, MachineSpec } from '../ports/machines';
import { LocalMachine, type LocalMachineOptions } from './local-machine';

/** EC2, whose instances are processes of this machine. */
export class LocalMachines implements Machines {
  private readonly machines = new Map<string, LocalMachine>();
  private closing: Promise<void> | undefined;

  constructor(private readonly options: LocalMachineOptions) {}

  launch(spec: MachineSpec, events: MachineEvents): Machine {
    if (this.closing) throw new Error('the run ends');
    const machine = new LocalMachine(spec, this.options, events);
    this.machines.set(spec.instanceId, machine);
    return machine;
  }

  find(instanceId: string): LocalMachine | undefined {
    return this.machines.get(instanceId);
  }

  /** Ends all of them, each as an instance ends. Idempotent. */
  close(): Promise<void> {
    this.closing ??= Promise.all([...this.machines.values()].map((machine) => machine.terminate())).then(
      () => undefined,
    );
    return this.closing;
  }

  /** SIGKILL to all nodes, now. */
  kill(): void {
    for (const machine of this.machines.values()) machine.killNode();
  }
}
