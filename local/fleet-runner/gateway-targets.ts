import type { Clock, Timer } from '../../core/clock';

/** Where a node's gateway listens. */
export interface GatewayAddress {
  host: string;
  port: number;
}

/** What is asked of a connection's first bytes: see {@link FrontPort}. */
export type ConnectionKind = 'websocket' | 'other';

/** How targets are checked; what a target group of the template says. */
export interface HealthCheck {
  /** Pause between two readiness checks of a gateway, milliseconds. @default 1000 */
  probeIntervalMs?: number;
  /** How long one check may take, milliseconds. @default 1000 */
  probeTimeoutMs?: number;
  /** Failed checks in a row until a gateway gets no new connections; an NLB's smallest setting. @default 2 */
  unhealthyAfter?: number;
  /**
   * Good checks in a row until an unhealthy gateway gets connections again; a new target needs one. Source: ELB user
   * guide, "Health checks for target groups". @default 1
   */
  healthyAfter?: number;
}

export interface GatewayTargetsOptions extends HealthCheck {
  clock: Clock;
  /** Asks a gateway's `/readyz`. Rejects or gives false when the gateway may not take new connections. */
  probe: (address: GatewayAddress, timeoutMs: number) => Promise<boolean>;
  /** A gateway began to get new connections, or gets none any more. */
  onHealthChanged?: (nodeId: string, healthy: boolean) => void;
}

/** One gateway, at one address. A node that comes back is another target. */
export interface GatewayTarget {
  readonly nodeId: string;
  readonly address: GatewayAddress;
}

interface Target extends GatewayTarget {
  healthy: boolean;
  /** Was healthy before: it needs more than one good check. */
  known: boolean;
  failedProbes: number;
  goodProbes: number;
  /** One check at a time. */
  probing: boolean;
}

/**
 * The gateways behind the front port and whether each may take new connections, as an NLB's target group: one good
 * check makes a gateway healthy, a few failed ones in a row or a refused connection make it unhealthy.
 */
export class GatewayTargets {
  private readonly targets = new Map<string, Target>();
  private readonly turns: Record<ConnectionKind, number> = { websocket: 0, other: 0 };
  private timer: Timer;
  private healthCheck: HealthCheck;
  private closed = false;

  constructor(private readonly options: GatewayTargetsOptions) {
    this.healthCheck = options;
    this.timer = this.schedule();
  }

  /** Checks in another way from now on. */
  configure(healthCheck: HealthCheck): void {
    if (this.closed) return;
    this.healthCheck = healthCheck;
    this.timer.cancel();
    this.timer = this.schedule();
  }

  /** Adds a node's gateway, or replaces its address. It is unhealthy until its first good check, which starts now. */
  set(nodeId: string, address: GatewayAddress): void {
    const target: Target = {
      nodeId,
      address,
      healthy: false,
      known: false,
      failedProbes: 0,
      goodProbes: 0,
      probing: false,
    };
    this.targets.set(nodeId, target);
    this.check(target);
  }

  /** The node is gone. Its connections end with it, not here. */
  remove(nodeId: string): void {
    this.targets.delete(nodeId);
  }

  /** Node ids of the gateways that get new connections. */
  healthyNodeIds(): string[] {
    return [...this.targets.values()].filter((target) => target.healthy).map((target) => target.nodeId);
  }

  /**
   * The gateways to try for one new connection, best first: the healthy ones from whose turn it is. When none is
   * healthy, all of them: an NLB fails open too.
   */
  candidates(kind: ConnectionKind): GatewayTarget[] {
    const all = [...this.targets.values()];
    const healthy = all.filter((target) => target.healthy);
    const eligible = healthy.length > 0 ? healthy : all;
    if (eligible.length === 0) return [];
    const first = this.turns[kind] % eligible.length;
    this.turns[kind] += 1;
    return [...eligible.slice(first), ...eligible.slice(0, first)];
  }

  /** A connection to this gateway was refused: nothing new goes there until a check succeeds. */
  reportRefused(refused: GatewayTarget): void {
    const target = this.targets.get(refused.nodeId);
    if (target === refused) this.judge(target, false);
  }

  /** Ends the checks. Idempotent. */
  close(): void {
    this.closed = true;
    this.timer.cancel();
    this.targets.clear();
  }

  private schedule(): Timer {
    return this.options.clock.setRepeating(this.healthCheck.probeIntervalMs ?? 1_000, () => {
      for (const target of this.targets.values()) this.check(target);
    });
  }

  private check(target: Target): void {
    if (target.probing || this.closed) return;
    target.probing = true;
    this.options
      .probe(target.address, this.healthCheck.probeTimeoutMs ?? 1_000)
      .catch(() => false)
      .then((ready) => {
        target.probing = false;
        target.failedProbes = ready ? 0 : target.failedProbes + 1;
        target.goodProbes = ready ? target.goodProbes + 1 : 0;
        const { unhealthyAfter = 2, healthyAfter = 1 } = this.healthCheck;
        if (target.goodProbes >= (target.known ? healthyAfter : 1)) this.judge(target, true);
        else if (target.failedProbes >= unhealthyAfter) this.judge(target, false);
      })
      .catch((error: unknown) => {
        throw new Error('a readiness check failed in an unexpected way', { cause: error });
      });
  }

  private judge(target: Target, healthy: boolean): void {
    if (target.healthy === healthy) return;
    target.healthy = healthy;
    target.known ||= healthy;
    if (!healthy) target.goodProbes = 0;
    // One that was replaced or removed meanwhile is nobody's.
    if (this.targets.get(target.nodeId) === target) this.options.onHealthChanged?.(target.nodeId, healthy);
  }
}
