import type { Clock } from '../../../core/protocol/for-browsers';
import type { ReceptionReading } from './reception-reader';

/**
 * So much later than the earlier stream the later one plays, milliseconds: what its way may be shorter by (a hop to another node of
 * the region), and the time in which an element changes from the one track to the other. As late as that, nothing is left out.
 */
const LATER_BY_MS = 60;
/** No stream is held back longer, milliseconds. */
const LATEST_MS = 1_000;
/**
 * How the delay goes down again: slower than pictures and sound come, so that they follow each other a little faster and
 * none is left out. A browser that may choose the delay itself at once jumps to it. Milliseconds.
 */
const STEP = { downMs: 5, everyMs: 100 } as const;

/** Has a receiver play later than it would, as late as another one does. */
export class PlayoutDelay {
  readonly #receiver: RTCRtpReceiver | undefined;
  readonly #clock: Clock;
  #targetMs = 0;
  #isOver = false;

  constructor(receiver: RTCRtpReceiver | undefined, clock: Clock) {
    this.#receiver = receiver;
    this.#clock = clock;
  }

  /** Plays no sooner than what was read does. */
  follow({ delayMs }: ReceptionReading): void {
    if (delayMs === undefined || this.#isOver) return;
    this.#targetMs = Math.min(delayMs + LATER_BY_MS, LATEST_MS);
    this.#set(this.#targetMs);
  }

  /** Goes down to what the browser chooses by itself. */
  letGo(): void {
    this.#isOver = true;
    if (this.#targetMs > 0) this.#stepDown();
  }

  #stepDown(): void {
    this.#targetMs -= STEP.downMs;
    const goesOn = this.#targetMs > 0 && this.#receiver?.track.readyState === 'live';
    this.#set(goesOn ? this.#targetMs : null);
    if (goesOn) this.#clock.setTimer(STEP.everyMs, () => this.#stepDown());
  }

  /** Older browsers know nothing of it, and take no notice. */
  #set(targetMs: number | null): void {
    if (this.#receiver) this.#receiver.jitterBufferTarget = targetMs;
  }
}
