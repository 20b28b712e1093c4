import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import type { ErrorCode } from '../../core/errors';
import { NODE_STATES, type NodeState } from '../../core/node-state';

/** What the media side says about this node when it is asked. */
export interface MediaFigures {
  /** What the node can safely carry. */
  capacity: CapacityVector;
  /** What its rooms have reserved. */
  committed: CapacityVector;
  /** What its meters say. */
  measured: CapacityVector;
  /** What the machine's interfaces sent, bits per second; undefined where the kernel doesn't tell. */
  interfaceEgressBps?: number | undefined;
  /** Whether `measured` comes from the interfaces. */
  usesInterfaces?: boolean;
  rooms: number;
  peers: number;
  producers: number;
  consumers: number;
  workersAlive: number;
  workersConfigured: number;
}

/** What the registrar says: how this node stands with placement. */
export interface RegistrationFigures {
  state: NodeState;
  ready: boolean;
  /** Whether the connection to Redis works now. */
  redisUp: boolean;
  /** Since placement last answered a heartbeat, milliseconds; undefined before the first answer. */
  heartbeatAgeMs: number | undefined;
}

/** How many links to other nodes are in which state. */
export interface LinkFigures {
  connecting: number;
  connected: number;
  lost: number;
}

export interface WebhookFigures {
  queued: number;
  delivered: number;
  dropped: number;
  failedAttempts: number;
}

/** How a join ended: `ok`, or the code of the error that refused it. */
export type JoinResult = 'ok' | ErrorCode;

/** Counters since the process started, for those who add up on their own. */
export interface JoinTotals {
  joinsAccepted: number;
  /** Without those for which there was no capacity. */
  joinsFailed: number;
  /** With peers that could not be moved off this node. */
  noCapacity: number;
  /** Sessions that were resumed on a new connection. */
  reconnects: number;
}

export interface NodeMetricsOptions {
  nodeId: string;
  release: string;
  /** Adds prom-client's `process_*` and `nodejs_*` metrics, the event loop's lag among them. @default true */
  processMetrics?: boolean;
}

/** Where a join's time goes from a WebSocket upgrade to an open session: 5 ms in a process, seconds in trouble. */
const JOIN_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * This process's Prometheus metrics, in a registry of their own. Events are pushed (`joinFinished`,
 * `sessionResumed`, `workerDied`); levels are pulled at scrape time from the sources that the `observe…` methods
 * are given. A level without a source, or whose source throws, is left out of the scrape: a missing number must
 * never read as a load of zero.
 *
 * Wiring, in the composition root:
 *
 *     const metrics = new NodeMetrics({ nodeId, release });
 *     metrics.observeMedia(() => ({ capacity, committed, measured, rooms, … }));
 *     metrics.observeRegistration(() => ({ state, ready, redisUp, heartbeatAgeMs }));
 *     metrics.observeLinks(() => ({ connecting, connected, lost }));
 *     metrics.observeConnections(() => gateway.connections.size);
 *     // in the gateway, once per attempt to join:
 *     metrics.joinFinished({ result: 'ok', durationMs });
 *     metrics.joinFinished({ result: error.code, durationMs });
 */
export class NodeMetrics {
  readonly registry = new Registry();

  readonly #joins: Counter<'result'>;
  readonly #joinDuration: Histogram;
  readonly #noCapacity: Counter;
  readonly #resumed: Counter;
  readonly #migrated: Counter;
  readonly #workerDeaths: Counter;
  readonly #totals: JoinTotals = { joinsAccepted: 0, joinsFailed: 0, noCapacity: 0, reconnects: 0 };
  #scrape = 0;

  constructor(options: NodeMetricsOptions) {
    const registers = [this.registry];
    new Gauge({
      name: 'fleet_node_info',
      help: 'Always 1; its labels say which node and release answers.',
      labelNames: ['node_id', 'release'],
      registers,
    }).set({ node_id: options.nodeId, release: options.release }, 1);
    this.#joins = new Counter({
      name: 'fleet_joins_total',
      help: 'Attempts to join through this gateway, by result: ok or an error code.',
      labelNames: ['result'],
      registers,
    });
    this.#joinDuration = new Histogram({
      name: 'fleet_join_duration_seconds',
      help: 'From the WebSocket upgrade to the open session, for joins that succeeded.',
      buckets: JOIN_BUCKETS_SECONDS,
      registers,
    });
    this.#noCapacity = new Counter({
      name: 'fleet_no_capacity_total',
      help: 'Joins through this gateway, and peers that this node would move, for which no node had headroom.',
      registers,
    });
    this.#migrated = new Counter({
      name: 'fleet_sessions_migrated_total',
      help: 'Sessions that were opened through this gateway for peers that migrate from another node.',
      registers,
    });
    this.#resumed = new Counter({
      name: 'fleet_sessions_resumed_total',
      help: 'Sessions that were resumed on a new connection through this gateway.',
      registers,
    });
    this.#workerDeaths = new Counter({
      name: 'fleet_worker_deaths_total',
      help: 'Media workers of this node that died.',
      registers,
    });
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.registry });
  }

  /** One attempt to join ended. `durationMs` counts only when it succeeded. */
  joinFinished(join: { result: JoinResult; durationMs: number }): void {
    if (join.result === 'ok') this.#totals.joinsAccepted += 1;
    else if (join.result === 'FLEET_ERR_NO_CAPACITY') this.#totals.noCapacity += 1;
    else this.#totals.joinsFailed += 1;
    this.#joins.inc({ result: join.result });
    if (join.result === 'ok') this.#joinDuration.observe(join.durationMs / 1000);
    if (join.result === 'FLEET_ERR_NO_CAPACITY') this.#noCapacity.inc();
  }

  /** No other node had headroom for a peer that this one wants to move: for scaling the same as a join. */
  moveRefused(): void {
    this.#totals.noCapacity += 1;
    this.#noCapacity.inc();
  }

  sessionResumed(): void {
    this.#totals.reconnects += 1;
    this.#resumed.inc();
  }

  /** The session to which one on another node migrates is open. */
  sessionMigrated(): void {
    this.#migrated.inc();
  }

  totals(): JoinTotals {
    return { ...this.#totals };
  }

  workerDied(): void {
    this.#workerDeaths.inc();
  }

  observeMedia(source: () => MediaFigures): void {
    this.#observe(source, [
      { name: 'fleet_node_egress_bps', help: 'Outbound media, measured.', read: (f) => f.measured.egressBps },
      {
        name: 'fleet_node_interface_egress_bps',
        help: 'What the network interfaces of the machine sent, loopback left out.',
        read: (f) => f.interfaceEgressBps,
      },
      {
        name: 'fleet_node_egress_from_interfaces',
        help: '1 while fleet_node_egress_bps comes from the interfaces, because the meter is silent or misses much.',
        read: (f) => (f.usesInterfaces === undefined ? undefined : f.usesInterfaces ? 1 : 0),
      },
      {
        name: 'fleet_node_committed_egress_bps',
        help: 'Outbound media that the rooms have reserved.',
        read: (f) => f.committed.egressBps,
      },
      {
        name: 'fleet_node_capacity_egress_bps',
        help: 'Outbound media that the node can safely carry.',
        read: (f) => f.capacity.egressBps,
      },
      {
        name: 'fleet_node_packets_per_second',
        help: 'Outbound media packets, measured.',
        read: (f) => f.measured.packetsPerSecond,
      },
      {
        name: 'fleet_node_committed_packets_per_second',
        help: 'Outbound media packets that the rooms have reserved.',
        read: (f) => f.committed.packetsPerSecond,
      },
      {
        name: 'fleet_node_capacity_packets_per_second',
        help: 'Outbound media packets that the node can safely carry.',
        read: (f) => f.capacity.packetsPerSecond,
      },
      { name: 'fleet_node_rooms', help: 'Rooms whose media is on this node.', read: (f) => f.rooms },
      { name: 'fleet_node_peers', help: 'Peers whose media is on this node.', read: (f) => f.peers },
      { name: 'fleet_node_producers', help: 'Producers on this node.', read: (f) => f.producers },
      { name: 'fleet_node_consumers', help: 'Consumers on this node.', read: (f) => f.consumers },
      { name: 'fleet_node_workers', help: 'Media workers that are alive.', read: (f) => f.workersAlive },
      {
        name: 'fleet_node_workers_configured',
        help: 'Media workers that should be alive.',
        read: (f) => f.workersConfigured,
      },
    ]);
  }

  observeRegistration(source: () => RegistrationFigures): void {
    this.#observe(source, [
      {
        name: 'fleet_node_ready',
        help: '1 while this node reports itself ready to placement.',
        read: (f) => (f.ready ? 1 : 0),
      },
      {
        name: 'fleet_redis_up',
        help: '1 while the connection to Redis works.',
        read: (f) => (f.redisUp ? 1 : 0),
      },
      {
        name: 'fleet_heartbeat_age_seconds',
        help: 'Since placement last answered a heartbeat; absent before the first answer.',
        read: (f) => (f.heartbeatAgeMs === undefined ? undefined : f.heartbeatAgeMs / 1000),
      },
    ]);
    this.#observeByLabel(source, {
      name: 'fleet_node_state',
      help: '1 for the state that this node is in, 0 for the others.',
      label: 'state',
      read: (f) => NODE_STATES.map((state) => [state, state === f.state ? 1 : 0]),
    });
  }

  observeLinks(source: () => LinkFigures): void {
    this.#observeByLabel(source, {
      name: 'fleet_node_links',
      help: 'Links to other nodes, by state.',
      label: 'state',
      read: (f) => [
        ['connecting', f.connecting],
        ['connected', f.connected],
        ['lost', f.lost],
      ],
    });
  }

  observeConnections(source: () => number): void {
    this.#observe(source, [
      {
        name: 'fleet_node_connections',
        help: 'WebSockets of clients on this gateway.',
        read: (count) => count,
      },
    ]);
  }

  observeWebhooks(source: () => WebhookFigures): void {
    this.#observe(source, [
      { name: 'fleet_webhooks_queued', help: 'Webhook events waiting for delivery.', read: (f) => f.queued },
    ]);
    const totals: [name: string, help: string, read: (figures: WebhookFigures) => number][] = [
      ['fleet_webhooks_delivered_total', 'Webhook events that a receiver took.', (f) => f.delivered],
      [
        'fleet_webhooks_dropped_total',
        'Webhook events given up: queue full or out of tries.',
        (f) => f.dropped,
      ],
      ['fleet_webhooks_failed_attempts_total', 'Webhook deliveries that failed.', (f) => f.failedAttempts],
    ];
    const figures = this.#oncePerScrape(source);
    for (const [name, help, read] of totals) {
      // The dispatcher keeps the running totals; a counter can only be made equal to them by starting over.
      new Counter({
        name,
        help,
        registers: [this.registry],
        collect() {
          const now = figures();
          if (now === undefined) return;
          this.reset();
          this.inc(read(now));
        },
      });
    }
  }

  /** The text that Prometheus scrapes. */
  async render(): Promise<{ contentType: string; body: string }> {
    this.#scrape += 1;
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  /** All samples of one scrape come from one call of their source, so that they fit together. */
  #oncePerScrape<F>(source: () => F): () => F | undefined {
    let scrape = -1;
    let figures: F | undefined;
    return () => {
      if (scrape !== this.#scrape) {
        scrape = this.#scrape;
        figures = attempt(source);
      }
      return figures;
    };
  }

  #observe<F>(
    source: () => F,
    gauges: { name: string; help: string; read: (figures: F) => number | undefined }[],
  ): void {
    const figures = this.#oncePerScrape(source);
    for (const { name, help, read } of gauges) {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          const now = figures();
          const value = now === undefined ? undefined : read(now);
          if (value === undefined) this.remove();
          else this.set(value);
        },
      });
    }
  }

  #observeByLabel<F>(
    source: () => F,
    gauge: {
      name: string;
      help: string;
      label: string;
      read: (figures: F) => [label: string, value: number][];
    },
  ): void {
    const { name, help, label, read } = gauge;
    const figures = this.#oncePerScrape(source);
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        const now = figures();
        if (now === undefined) return;
        for (const [value, count] of read(now)) this.set({ [label]: value }, count);
      },
    });
  }
}

/** A source that throws costs its own samples and not the whole scrape. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
