import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';
import type { DrainCommand } from '../../core/drain/drain-command';
import {
  nextDrainStatus,
  SERVING_STATUS,
  type DrainInput,
  type DrainStatus,
} from '../../core/drain/drain-machine';
import type { DrainProgress, DrainReport } from '../../core/drain/drain-report';
import type { NodeState } from '../../core/node-state';

export interface NodeDrainOptions {
  /** What still lives on the node. */
  occupancy: () => { rooms: number; peers: number };
  clock: Clock;
  logger: Logger;
  /** The state is another one, or the drain is. @default nobody is told */
  onChanged?: (() => void) | undefined;
}

/** This node's way from SERVING to DRAINED: takes commands, says where it stands, writes every step to the log. */
export class NodeDrain {
  readonly #options: NodeDrainOptions;
  #status: DrainStatus = SERVING_STATUS;
  #progress: DrainProgress | undefined;

  constructor(options: NodeDrainOptions) {
    this.#options = options;
  }

  get state(): NodeState {
    return this.#status.state;
  }

  /** Peers are being moved to other nodes: none should come. */
  get isMoving(): boolean {
    return this.#status.state === 'DRAINING' && this.#progress?.phase === 'moving';
  }

  /** The drain under way is so far. */
  progressed(progress: DrainProgress): void {
    if (this.#status.drain) this.#progress = progress;
  }

  /** The drain under way, for the heartbeat. Looks at the deadline. */
  report(): DrainReport | undefined {
    this.#apply({
      kind: 'timePassed',
      nowMs: this.#options.clock.nowMs(),
      ...this.#options.occupancy(),
    });
    const { drain } = this.#status;
    return drain && this.#progress ? { ...drain, progress: this.#progress } : drain;
  }

  /** No new rooms from now on. Does nothing on a node that is already on its way out. */
  cordon(): NodeState {
    return this.#apply({ kind: 'cordon' });
  }

  /** Takes back a cordon or a drain; a drain because the instance ends stays as it is. */
  uncordon(): NodeState {
    return this.#apply({ kind: 'uncordon' });
  }

  /** Repeated and outdated commands change nothing. */
  drain(command: DrainCommand): NodeState {
    return this.#apply({ kind: 'drain', command });
  }

  /** Placement has heard of this state and so many rooms, and told what else is on its way here. */
  placementAnswered(
    { state, rooms: reportedRooms }: { state: NodeState; rooms: number },
    pendingClaims: number | undefined,
  ): NodeState {
    const { rooms } = this.#options.occupancy();
    const answered = { reportedState: state, reportedRooms, pendingClaims, rooms };
    return this.#apply({ kind: 'placementAnswered', ...answered });
  }

  #apply(input: DrainInput): NodeState {
    const before = this.#status;
    const after = nextDrainStatus(before, input);
    this.#status = after;
    if (after !== before) this.#write(input, before, after);
    const isOther = after.drain?.commandId !== before.drain?.commandId;
    if (isOther) this.#progress = undefined;
    if (isOther || after.state !== before.state) this.#options.onChanged?.();
    return this.#status.state;
  }

  #write(input: DrainInput, before: DrainStatus, after: DrainStatus): void {
    const { logger, occupancy } = this.#options;
    const line = { audit: 'drain', input: input.kind, from: before.state, to: after.state };
    const details = { ...line, drain: after.drain, ...occupancy() };
    if (after.drain?.failed && !before.drain?.failed) {
      logger.error(details, 'the drain has not ended in time: peers are still here, nobody is cut off');
    } else {
      logger.info(details, 'the node moved on its way out');
    }
  }
}
