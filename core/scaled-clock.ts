import type { Clock, Timer } from './clock';

export interface ClockSpeed {
  /** How many times as fast as real time. */
  speed: number;
  /** The moment in which both clocks show the same, milliseconds since 1970. */
  originMs: number;
}

/**
 * Runs `speed` times as fast as another clock from a moment on. Processes that are given the same speed and origin show
 * the same time, so that a day of the local cloud passes in minutes and its instances agree on the hour.
 */
export class ScaledClock implements Clock {
  constructor(
    private readonly real: Clock,
    private readonly scale: ClockSpeed,
  ) {}

  nowMs(): number {
    const { speed, originMs } = this.scale;
    return originMs + (this.real.nowMs() - originMs) * speed;
  }

  monotonicMs(): number {
    return this.real.monotonicMs() * this.scale.speed;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.real.setTimer(delayMs / this.scale.speed, callback);
  }

  setRepeating(intervalMs: number, callback: () => void): Timer {
    return this.real.setRepeating(intervalMs / this.scale.speed, callback);
  }
}

/** As an environment variable carries it: `10@1790000000000`. Undefined for anything else. */
export function parseClockSpeed(text: string): ClockSpeed | undefined {
  const [, speed, origin] = /^(\d{1,4}(?:\.\d{1,3})?)@(\d{1,15})$/.exec(text) ?? [];
  const parsed = { speed: Number(speed), originMs: Number(origin) };
  return parsed.speed > 0 ? parsed : undefined;
}

export function formatClockSpeed({ speed, originMs }: ClockSpeed): string {
  return `${speed}@${Math.round(originMs)}`;
}
