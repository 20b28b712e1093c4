import type { Clock, Timer } from '../../../core/clock';
import type { ExecutionEnvironment } from './execution-environment';
import type { FunctionDefinition } from './function-definition';

export interface EnvironmentPoolOptions {
  clock: Clock;
  /** Of all functions together. */
  maxEnvironments: number;
  /** How long one that has nothing to do stays, by the cloud's clock. */
  idleMs: number;
  create: (definition: FunctionDefinition) => ExecutionEnvironment;
}

interface Member {
  environment: ExecutionEnvironment;
  definition: FunctionDefinition;
  /** Runs while it has nothing to do. */
  idle: Timer | undefined;
}

/** An environment for one invocation. */
export interface Lent {
  environment: ExecutionEnvironment;
  isNew: boolean;
  /** Back to the pool. */
  release(): void;
}

/** The execution environments of all functions: each serves one invocation at a time and stays warm for the next. */
export class EnvironmentPool {
  /** Those that wait longest first. */
  private readonly members = new Set<Member>();
  /** Processes on their way out. */
  private readonly ending = new Set<Promise<void>>();

  constructor(private readonly options: EnvironmentPoolOptions) {}

  /** Undefined: as many run as may. */
  take(definition: FunctionDefinition): Lent | undefined {
    const own = [...this.members].filter((member) => member.definition.arn === definition.arn);
    // The one that was used last, so that the others can end.
    const warm = own.findLast(
      (member) => member.idle && member.definition === definition && member.environment.alive,
    );
    if (warm) return this.lend(warm, false);
    const busy = own.filter(({ idle }) => !idle).length;
    if (definition.reservedConcurrency !== undefined && busy >= definition.reservedConcurrency)
      return undefined;
    if (this.members.size >= this.options.maxEnvironments && !this.endOneThatWaits()) return undefined;
    const environment = this.options.create(definition);
    const member: Member = { environment, definition, idle: undefined };
    return this.lend(member, true);
  }

  /** Those that run with another version of the function end, as soon as they have nothing to do. */
  retire(functionArn: string): void {
    for (const member of this.members) {
      if (member.definition.arn !== functionArn) continue;
      if (member.idle) this.end(member);
      else member.definition = { ...member.definition };
    }
  }

  /** Resolves when the last process is gone. Idempotent. */
  async close(): Promise<void> {
    for (const member of this.members) this.end(member);
    await Promise.all(this.ending);
  }

  private lend(member: Member, isNew: boolean): Lent {
    member.idle?.cancel();
    member.idle = undefined;
    this.members.delete(member);
    this.members.add(member);
    const { definition } = member;
    return { environment: member.environment, isNew, release: () => this.release(member, definition) };
  }

  private release(member: Member, lentFor: FunctionDefinition): void {
    if (!this.members.has(member)) return;
    // It died, or its function was changed meanwhile.
    if (!member.environment.alive || member.definition !== lentFor) return this.end(member);
    member.idle = this.options.clock.setTimer(this.options.idleMs, () => this.end(member));
  }

  private endOneThatWaits(): boolean {
    for (const member of this.members) {
      if (!member.idle) continue;
      this.end(member);
      return true;
    }
    return false;
  }

  private end(member: Member): void {
    member.idle?.cancel();
    this.members.delete(member);
    const ended = member.environment.end().finally(() => this.ending.delete(ended));
    this.ending.add(ended);
  }
}
