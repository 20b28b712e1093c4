import { element } from '../shared/element';

const SHOWN_MS = 5_000;
const PROBLEM_SHOWN_MS = 10_000;
const MAX_SHOWN = 3;

/** Short notes on what became of a control; screen readers hear them politely. */
export class Notices {
  readonly root = element('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });

  show(text: string, tone: 'good' | 'bad'): void {
    const notice = element('div', { class: 'notice', 'data-tone': tone, 'data-testid': 'notice' }, text);
    this.root.append(notice);
    while (this.root.childElementCount > MAX_SHOWN) this.root.firstElementChild?.remove();
    setTimeout(() => notice.remove(), tone === 'bad' ? PROBLEM_SHOWN_MS : SHOWN_MS);
  }
}
