/** So many ended pipes are remembered; the oldest are forgotten. */
const MAX_REMEMBERED = 1_000;

/** Pipes that have ended, so that what still comes of them begins nothing anew, and is answered once. */
export class RecentPipes {
  /** Whether the other end was told. */
  readonly #ended = new Map<string, boolean>();

  /** @param told the other end knows */
  add(key: string, told: boolean): void {
    this.#ended.delete(key);
    this.#ended.set(key, told);
    if (this.#ended.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }

  has(key: string): boolean {
    return this.#ended.has(key);
  }

  wasTold(key: string): boolean {
    return this.#ended.get(key) === true;
  }
}
