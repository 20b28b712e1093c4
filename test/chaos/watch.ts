import { systemClock } from '../../local/fleet-runner/system-clock';
import type { ChaosFleet } from './chaos-fleet';
import { SILENCE_MS, type Crowd } from './crowd';

const LOOK_EVERY_MS = 100;
const ROOMS_EVERY_MS = 500;
/** Two homes that can reach each other may not both go on for longer, milliseconds. */
const SPLIT_AFTER_MS = 5_000;

/** Looks all the time whether everybody sees and hears everybody, and whether a room has two homes. */
export class Watch {
  /** Rooms that were split, in words. */
  readonly splits: string[] = [];
  #lastBrokenMs = 0;
  #first: { atMs: number; missing: string[] } | undefined;
  #missing: string[] = ['nobody has come yet'];
  readonly #splitSinceMs = new Map<string, number>();
  readonly #timers;
  #asking = false;

  constructor(
    private readonly fleet: ChaosFleet,
    private readonly crowd: Crowd,
  ) {
    this.#timers = [
      systemClock.setRepeating(LOOK_EVERY_MS, () => this.#look()),
      systemClock.setRepeating(ROOMS_EVERY_MS, () => void this.#lookAtRooms()),
    ];
  }

  /** What is missing now, in words. */
  get missing(): readonly string[] {
    return this.#missing;
  }

  /** Forgets what was missing until now. */
  begin(): void {
    this.#first = undefined;
  }

  /** What was missing first since then, in words. */
  get firstMissing(): string | undefined {
    return this.#first && `${this.#first.missing.length} × ${this.#first.missing[0] ?? ''}`;
  }

  /** From the first moment in which something was missing until the last, milliseconds; 0: nothing was. */
  get brokenMs(): number {
    return this.#first === undefined ? 0 : Math.round(this.#lastBrokenMs - this.#first.atMs + SILENCE_MS);
  }

  /** Whether nothing was missing for so long, milliseconds. */
  isWholeFor(ms: number): boolean {
    return this.#missing.length === 0 && systemClock.monotonicMs() - this.#lastBrokenMs > ms;
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  #look(): void {
    this.#missing = this.crowd.missing();
    if (this.#missing.length === 0) return;
    this.#lastBrokenMs = systemClock.monotonicMs();
    this.#first ??= { atMs: this.#lastBrokenMs, missing: this.#missing };
  }

  async #lookAtRooms(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#findSplits();
    } catch {
      // A node was killed while it was asked; the next look finds the rest.
    } finally {
      this.#asking = false;
    }
  }

  async #findSplits(): Promise<void> {
    const { hosts } = this.fleet;
    const homes = new Map<string, string[]>();
    for (const [nodeId, rooms] of await hosts.liveRooms()) {
      const host = hosts.hosts.find((one) => one.nodeId === nodeId);
      // Who is cut off reaches nobody, and may believe what it likes.
      if (host === undefined || hosts.isCut(host)) continue;
      for (const { roomId, homeNodeId } of rooms) {
        if (homeNodeId === '' || homeNodeId === nodeId)
          homes.set(roomId, [...(homes.get(roomId) ?? []), nodeId]);
      }
    }
    const nowMs = systemClock.monotonicMs();
    for (const roomId of [...this.#splitSinceMs.keys()]) {
      if ((homes.get(roomId) ?? []).length < 2) this.#splitSinceMs.delete(roomId);
    }
    for (const [roomId, nodeIds] of homes) {
      if (nodeIds.length < 2) continue;
      const sinceMs = this.#splitSinceMs.get(roomId) ?? nowMs;
      this.#splitSinceMs.set(roomId, sinceMs);
      if (nowMs - sinceMs <= SPLIT_AFTER_MS) continue;
      this.splits.push(`${roomId} is at home on ${nodeIds.join(' and ')}`);
      // Once for each time.
      this.#splitSinceMs.set(roomId, Infinity);
    }
  }
}
