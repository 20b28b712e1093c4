import { PutMetricDataCommand, type CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { Logger } from 'pino';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import { METRIC_NAMESPACE, METRIC_PERIOD_SECONDS } from '../../core/deployment/fleet-metrics';
import { metricData, type NodeFigures, type PublishedTotals } from './metric-data';

export interface CloudWatchPublisherOptions {
  client: Pick<CloudWatchClient, 'send'>;
  autoScalingGroupName: string;
  /** May be slow or fail: the period is then left out. */
  figures: () => Promise<NodeFigures>;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

const PERIOD_MS = METRIC_PERIOD_SECONDS * 1_000;
/** Nodes spread their requests over this part of a period, milliseconds. */
const SPREAD_MS = 3_000;
/** A request that takes longer is given up, before the next one is due, milliseconds. */
const REQUEST_TIMEOUT_MS = 6_000;
/** After failures one request in so many periods at the fewest: 160 s. */
const MAX_BACK_OFF_PERIODS = 16;

/**
 * Publishes the node's metrics, one PutMetricData per period of 10 s. Values carry the beginning of their period, and
 * each period at most one, so that every node has the same weight in the pool's sums and the sample count is the
 * number of nodes. A value that could not be sent is gone; counters are not, since they are sent as the difference
 * to what CloudWatch has taken. So nothing piles up, however long CloudWatch is away.
 */
export class CloudWatchPublisher {
  readonly #options: CloudWatchPublisherOptions;
  readonly #offsetMs: number;
  #published: PublishedTotals = {
    totals: { joinsAccepted: 0, joinsFailed: 0, noCapacity: 0, reconnects: 0 },
    ena: undefined,
  };
  #timer: Timer | undefined;
  #lastPeriod = 0;
  #failures = 0;
  #skip = 0;
  #abort: AbortController | undefined;
  #closed = false;

  constructor(options: CloudWatchPublisherOptions) {
    this.#options = options;
    this.#offsetMs = Math.floor(options.random() * SPREAD_MS);
  }

  /** Idempotent. */
  start(): void {
    if (this.#closed || this.#timer) return;
    this.#schedule();
  }

  /** Gives up a request in flight. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#abort?.abort();
  }

  #schedule(): void {
    const { clock } = this.#options;
    const sinceMs = (clock.nowMs() - this.#offsetMs) % PERIOD_MS;
    this.#timer = clock.setTimer(PERIOD_MS - sinceMs, () => {
      // The next one does not wait for this one: a request never outlasts its period.
      if (!this.#closed) this.#schedule();
      void this.#publish();
    });
  }

  async #publish(): Promise<void> {
    const { client, figures, clock, logger, autoScalingGroupName } = this.#options;
    const period = Math.floor(clock.nowMs() / PERIOD_MS) * PERIOD_MS;
    // A timer that came early, or a wall clock that was set back: the period has its value.
    if (this.#closed || this.#abort || period === this.#lastPeriod) return;
    if (this.#skip > 0) {
      this.#skip -= 1;
      return;
    }
    this.#lastPeriod = period;
    const abort = new AbortController();
    this.#abort = abort;
    const limit = clock.setTimer(REQUEST_TIMEOUT_MS, () => abort.abort());
    try {
      const now = await figures();
      const data = metricData(now, this.#published, { timestamp: new Date(period), autoScalingGroupName });
      await client.send(new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData: data }), {
        abortSignal: abort.signal,
      });
      this.#published = { totals: now.totals, ena: now.ena };
      if (this.#failures > 0) logger.info({ failures: this.#failures }, 'CloudWatch takes metrics again');
      this.#failures = 0;
    } catch (error) {
      if (this.#closed) return;
      if (this.#failures === 0) logger.warn({ err: error }, 'metrics could not be published');
      // The first failure costs one period; only a lasting one is met with patience.
      this.#skip = Math.min(2 ** this.#failures, MAX_BACK_OFF_PERIODS) - 1;
      this.#failures += 1;
    } finally {
      limit.cancel();
      this.#abort = undefined;
    }
  }
}
