import { element, icon } from './dom';
import { secondsLeft } from './format';
import type { Words } from './messages-for-errors';

export interface RefusalViewOptions {
  /** Of the registry or the SDK; for tests and support. */
  code: string;
  words: Words;
  /** When the page tries again by itself, milliseconds from now; only shown with a remedy that retries. */
  retryInMs: number;
  /**
   * `page`: this view calls `onRetry` when the time is over. `client`: the SDK is trying by itself, and the view
   * only counts along.
   */
  countedBy: 'page' | 'client';
  onRetry: () => void;
  onBack: () => void;
}

/** Says why the person is not in the room, and what comes next. */
export class RefusalView {
  readonly root: HTMLElement;
  readonly #options: RefusalViewOptions;
  readonly #retryAtMs: number;
  readonly #countdown = element('p', { class: 'countdown', 'data-testid': 'refusal-countdown' });
  readonly #retry = element(
    'button',
    { type: 'button', class: 'primary-button', 'data-testid': 'refusal-retry' },
    'Try again',
  );
  #timer: number | undefined;

  constructor(options: RefusalViewOptions) {
    this.#options = options;
    this.#retryAtMs = performance.now() + options.retryInMs;
    const { words } = options;
    const back = element(
      'button',
      { type: 'button', class: 'quiet-button', 'data-testid': 'refusal-back' },
      'Back to the start',
    );
    back.addEventListener('click', options.onBack);
    this.#retry.addEventListener('click', options.onRetry);
    const counts = words.remedy === 'retry-countdown';
    if (counts) this.#retry.textContent = 'Try now';
    this.root = element(
      'main',
      { class: 'center-view', 'data-testid': 'refusal', 'data-code': options.code },
      element(
        'div',
        { class: 'card refusal' },
        element('div', { class: 'refusal-sign' }, icon(counts ? 'mark' : 'warning')),
        // Announced once, as a whole; the countdown is outside, or it would be read out every second.
        element(
          'div',
          { role: 'alert' },
          element('h1', { tabindex: -1, 'data-testid': 'refusal-title' }, words.title),
          element('p', { 'data-testid': 'refusal-text' }, words.text),
        ),
        counts ? this.#countdown : undefined,
        words.remedy === 'none'
          ? undefined
          : element(
              'div',
              { class: 'refusal-buttons' },
              words.remedy === 'back' ? undefined : this.#retry,
              back,
            ),
        element('p', { class: 'refusal-code' }, options.code),
      ),
    );
    if (!counts) return;
    this.#count();
    this.#timer = window.setInterval(() => this.#count(), 250);
  }

  /** To be called once the view is in the page. */
  focus(): void {
    (this.root.querySelector('button') ?? this.root.querySelector('h1'))?.focus();
  }

  /** Idempotent. */
  close(): void {
    window.clearInterval(this.#timer);
    this.root.remove();
  }

  #count(): void {
    const seconds = secondsLeft(this.#retryAtMs, performance.now());
    this.#countdown.textContent = seconds > 0 ? `We try again in ${seconds} s.` : 'Trying again…';
    if (seconds > 0) return;
    window.clearInterval(this.#timer);
    if (this.#options.countedBy === 'page') this.#options.onRetry();
  }
}
