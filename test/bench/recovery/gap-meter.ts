import { systemClock } from '../../../local/fleet-runner/system-clock';
import type { Crowd } from '../../chaos/crowd';

const LOOK_EVERY_MS = 10;
/** Of streams with ten packets a second. */
const GAP_MS = 250;

/** The longest time without a packet of each stream, by subscriber, from its making on. */
export class GapMeter {
  readonly #longest = new Map<string, number>();
  readonly #lastMs = new Map<string, number>();
  readonly #timer;

  constructor(private readonly crowd: Crowd) {
    this.#timer = systemClock.setRepeating(LOOK_EVERY_MS, () => this.#look());
  }

  /** Of the subscribers who missed something, milliseconds each. */
  gaps(): number[] {
    this.#look();
    return Array.from(this.#longest.values());
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
      const gapMs = lastPacketAtMs - beforeMs;
      if (gapMs > GAP_MS) this.#longest.set(subscriber, Math.max(gapMs, this.#longest.get(subscriber) ?? 0));
    }
  }
}
