import { element, icon, type IconName } from './dom';

const SHOWN_AT_ONCE = 3;
const SHOWN_FOR_MS = 4_000;
const LONG_SHOWN_FOR_MS = 9_000;

/** Short notes that come and go; screen readers hear them politely. */
export class Toasts {
  /** To be placed once in the page. */
  readonly root = element('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
  readonly #timers = new Map<HTMLElement, number>();

  /** With `group`, this note takes the place of an earlier one of that group; `long` is for whole sentences. */
  info(text: string, options: { icon?: IconName; group?: string; long?: boolean } = {}): void {
    const { icon: iconName, group, long = false } = options;
    if (group !== undefined) this.dropGroup(group);
    this.#show({ text, kind: 'info', iconName, group, forMs: long ? LONG_SHOWN_FOR_MS : SHOWN_FOR_MS });
  }

  /** Something didn't work; stays longer, and can be read as such without its colour. */
  problem(text: string): void {
    this.#show({ text, kind: 'problem', iconName: 'warning', group: undefined, forMs: LONG_SHOWN_FOR_MS });
  }

  /** Takes the notes of a group away, e.g. of messages once the chat is open. */
  dropGroup(group: string): void {
    for (const toast of [...this.#timers.keys()]) if (toast.dataset.group === group) this.#drop(toast);
  }

  close(): void {
    for (const timer of this.#timers.values()) window.clearTimeout(timer);
    this.#timers.clear();
    this.root.replaceChildren();
  }

  #show(note: {
    text: string;
    kind: 'info' | 'problem';
    iconName: IconName | undefined;
    group: string | undefined;
    forMs: number;
  }): void {
    const { text, kind, iconName, group, forMs } = note;
    const toast = element(
      'div',
      { class: `toast toast-${kind}`, 'data-testid': 'toast', 'data-group': group },
      iconName && icon(iconName),
      element('span', {}, text),
    );
    this.root.append(toast);
    this.#timers.set(
      toast,
      window.setTimeout(() => this.#drop(toast), forMs),
    );
    const surplus = [...this.#timers.keys()].slice(0, Math.max(0, this.#timers.size - SHOWN_AT_ONCE));
    for (const old of surplus) this.#drop(old);
  }

  #drop(toast: HTMLElement): void {
    window.clearTimeout(this.#timers.get(toast));
    this.#timers.delete(toast);
    toast.remove();
  }
}
