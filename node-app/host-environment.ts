import type { Clock } from '../core/clock';
import type { DrainCommand } from '../core/drain/drain-command';
import type { NodeState } from '../core/node-state';
import type { CapacityVector } from '../core/capacity/capacity-vector';
import type { JoinTotals } from './metrics/node-metrics';

/**
 * Where a node runs, if that has a say in when it takes work and when it leaves (a cloud, for one). Without any, a
 * node takes work as soon as it is built, and leaves when it is told to.
 */
export interface HostEnvironment {
  /** Its time. The deadlines that it gives a node are on it. */
  readonly clock: Clock;
  /**
   * The passwords of the placement store as they are now, to be tried in this order; asked for when the one in use
   * is refused. Undefined when the environment does not know them.
   */
  readonly storePasswords: (() => Promise<string[]>) | undefined;
  /**
   * The node is built. Resolves once it has entered placement, or once it is clear that it has to wait; the
   * environment then enters it later.
   */
  attach(node: HostedNode): Promise<void>;
  /** The node ends. Idempotent. */
  close(): void;
}

/** What an environment may know of its node, and ask of it. */
export interface HostedNode {
  /** Takes work from now on: registers with placement, and is ready. Idempotent. */
  enter(): Promise<void>;
  drain(command: DrainCommand): NodeState;
  /** Levels of now. */
  figures(): HostedNodeFigures;
}

export interface HostedNodeFigures {
  state: NodeState;
  /** The deadline of the drain has passed with rooms or peers left. */
  drainFailed: boolean;
  capacity: CapacityVector;
  measured: CapacityVector;
  rooms: number;
  peers: number;
  /** Since placement last answered, milliseconds; undefined before the first answer. */
  heartbeatAgeMs: number | undefined;
  /** Since the process started. */
  totals: JoinTotals;
}
