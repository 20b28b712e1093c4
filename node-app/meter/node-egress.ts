import type { Logger } from 'pino';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import { maxVector } from '../../core/capacity/headroom';
import { judgeEgress, type EgressVerdict } from '../../core/capacity/measured-egress';
import type { Clock, Timer } from '../../core/clock';
import type { EgressMeter } from './egress-meter';
import type { InterfaceCounters, InterfaceRates } from './interface-counters';

export interface NodeEgressOptions {
  meter: Pick<EgressMeter, 'node' | 'silentMs'>;
  counters: Pick<InterfaceCounters, 'read'>;
  /**
   * Whether what the interfaces send is this node's own. Only then may they stand in for the meter: several nodes
   * on one machine would each count the others.
   */
  ownInterfaces: boolean;
  clock: Clock;
  logger: Logger;
}

const INTERVAL_MS = 1_000;
/** A burst that the meter, which follows by a second or two, has not seen yet is no disagreement. */
const DISAGREEMENT_MS = 10_000;
const WARN_AGAIN_MS = 60_000;

/**
 * What the node sends, from two sources: the egress meter, and the interfaces' counters beside it. The meter is
 * believed as long as it speaks and the two agree. Otherwise the interfaces count, where they are the node's own:
 * whatever it is that they send uses up the same network, and too high a figure only sends new rooms elsewhere,
 * too low a one overloads a node with live calls.
 */
export class NodeEgress {
  readonly #options: NodeEgressOptions;
  #timer: Timer | undefined;
  #rates: InterfaceRates | undefined;
  #verdict: EgressVerdict = 'meter';
  #disagreesSinceMs: number | undefined;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: NodeEgressOptions) {
    this.#options = options;
  }

  /** Begins to read the interfaces. Idempotent. */
  start(): void {
    const { clock, logger } = this.#options;
    this.#timer ??= clock.setRepeating(INTERVAL_MS, () => {
      this.tick().catch((error: unknown) => logger.warn({ err: error }, 'reading the interfaces failed'));
    });
  }

  /** Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  measured(): CapacityVector {
    const meter = this.#options.meter.node();
    const interfaces = this.#ownRates();
    return this.#verdict === 'meter' || interfaces === undefined ? meter : maxVector(meter, interfaces);
  }

  /** What the interfaces sent over the last second, bits per second; undefined where the kernel doesn't tell. */
  get interfaceEgressBps(): number | undefined {
    return this.#rates?.txBps;
  }

  /** Whether `measured` comes from the interfaces. */
  get usesInterfaces(): boolean {
    return this.#verdict !== 'meter' && this.#ownRates() !== undefined;
  }

  /** One comparison; the timer calls it. */
  async tick(): Promise<void> {
    const { counters, meter, clock } = this.#options;
    this.#rates = await counters.read();
    const readings = { meter: meter.node(), meterSilentMs: meter.silentMs, interfaces: this.#ownRates() };
    const now = clock.monotonicMs();
    const verdict = judgeEgress(readings);
    if (verdict === 'unaccounted') this.#disagreesSinceMs ??= now;
    else this.#disagreesSinceMs = undefined;
    const lasts = this.#disagreesSinceMs !== undefined && now - this.#disagreesSinceMs >= DISAGREEMENT_MS;
    this.#verdict = verdict === 'unaccounted' && !lasts ? 'meter' : verdict;
    if (this.#verdict !== 'meter') this.#warn(readings, now);
  }

  #warn(readings: { meter: CapacityVector; meterSilentMs: number }, now: number): void {
    if (now - this.#warnedAtMs < WARN_AGAIN_MS) return;
    this.#warnedAtMs = now;
    this.#options.logger.warn(
      {
        audit: true,
        verdict: this.#verdict,
        meterEgressBps: readings.meter.egressBps,
        meterSilentMs: Math.round(readings.meterSilentMs),
        interfaceEgressBps: this.#rates?.txBps,
        fallback: this.usesInterfaces,
      },
      this.#verdict === 'meterSilent'
        ? 'the egress meter gets no figures from the workers'
        : 'the network interfaces send much more than the rooms account for',
    );
  }

  #ownRates(): CapacityVector | undefined {
    if (!this.#options.ownInterfaces || this.#rates === undefined) return undefined;
    return {
      egressBps: Math.round(this.#rates.txBps),
      packetsPerSecond: Math.round(this.#rates.txPacketsPerSecond),
    };
  }
}
