/** One row of a list that lives. */
export interface Row<T> {
  readonly root: HTMLElement;
  update(item: T): void;
  /** It leaves. */
  close?(): void;
}

/**
 * Shows items as rows that are kept as long as their item is there: what hasn't changed is not drawn anew, a row doesn't
 * lose the focus, and nothing flickers.
 */
export class KeyedList<T, R extends Row<T>> {
  readonly #rows = new Map<string, R>();

  constructor(
    private readonly parent: HTMLElement,
    private readonly options: { key: (item: T) => string; create: (item: T) => R },
  ) {}

  update(items: readonly T[]): void {
    const gone = new Set(this.#rows.keys());
    let place = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.options.key(item);
      gone.delete(key);
      const row = this.#rows.get(key) ?? this.options.create(item);
      this.#rows.set(key, row);
      row.update(item);
      if (row.root === place) place = place.nextElementSibling;
      else this.parent.insertBefore(row.root, place);
    }
    for (const key of gone) {
      const row = this.#rows.get(key);
      this.#rows.delete(key);
      row?.close?.();
      row?.root.remove();
    }
  }
}
