import { systemClock } from '../../../local/fleet-runner/system-clock';
import type { Crowd } from '../../chaos/crowd';

const LOOK_EVERY_MS = 10;
/** Of streams with ten packets a second. */
const GAP_MS = 250;

/** Who misses packets of whom from its making on, and until when. */
export class GapMeter {
  readonly #bornAtMs = systemClock.monotonicMs();
  readonly #wholeAfterMs = new Map<string, number>();
  readonly #lastMs = new Map<string, number>();
  readonly #timer;

  constructor(private readonly crowd: Crowd) {
    this.#timer = systemClock.setRepeating(LOOK_EVERY_MS, () => this.#look());
  }

  /** Of each subscriber who missed something, how long it took until nothing was missing any more, milliseconds. */
  gaps(): number[] {
    this.#look();
    return Array.from(this.#wholeAfterMs.values());
  }

  close(): void {
    this.#timer.cancel();
  }

  #look(): void {
    for (const { subscriber, sender, kind, lastPacketAtMs } of this.crowd.receptions()) {
      if (lastPacketAtMs === undefined) continue;
      const key = `${subscriber} ${sender} ${kind}`;
      const beforeMs = this.#lastMs.get(key) ?? lastPacketAtMs;
      this.#lastMs.set(key, lastPacketAtMs);
      if (lastPacketAtMs - beforeMs <= GAP_MS) continue;
      const afterMs = lastPacketAtMs - this.#bornAtMs;
      this.#wholeAfterMs.set(subscriber, Math.max(afterMs, this.#wholeAfterMs.get(subscriber) ?? 0));
    }
  }
}
