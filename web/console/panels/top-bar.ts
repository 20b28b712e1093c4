import { element } from '../../shared/element';
import { timeText } from '../format';
import type { PageModel } from '../page-model';
import { button, setAttribute, setText } from '../page-parts';
import type { Preferences } from '../preferences';

const PHASES = {
  connecting: 'connecting',
  live: 'live',
  trouble: 'not readable',
  lost: 'connection lost',
  token: 'token needed',
} as const;

const THEMES = { auto: 'dark', dark: 'light', light: 'auto' } as const;

export interface TopBarOptions {
  preferences: Preferences;
  onPreferences: (preferences: Preferences) => void;
}

/** What this is, how fresh it is, and how it is shown. */
export class TopBar {
  readonly root: HTMLElement;
  readonly #facts = element('span', { class: 'top-facts' });
  readonly #clock = element('span', { class: 'top-clock' });
  readonly #phase = element('span', { class: 'top-phase', role: 'status', 'data-testid': 'phase' });
  #preferences: Preferences;

  constructor({ preferences, onPreferences }: TopBarOptions) {
    this.#preferences = preferences;
    const type = button('Large type', {
      class: 'button',
      testId: 'type-size',
      onClick: () => change({ type: this.#preferences.type === 'large' ? 'normal' : 'large' }),
    });
    const theme = button('', {
      class: 'button',
      testId: 'theme',
      onClick: () => change({ theme: THEMES[this.#preferences.theme] }),
    });
    const show = (): void => {
      setAttribute(type, 'aria-pressed', String(this.#preferences.type === 'large'));
      setText(theme, `Theme: ${this.#preferences.theme}`);
    };
    const change = (part: Partial<Preferences>): void => {
      this.#preferences = { ...this.#preferences, ...part };
      show();
      onPreferences(this.#preferences);
    };
    show();
    this.root = element(
      'header',
      { class: 'top' },
      element('span', { class: 'top-mark', 'aria-hidden': 'true' }),
      element('h1', {}, 'Fleet console'),
      this.#facts,
      this.#clock,
      this.#phase,
      type,
      theme,
    );
  }

  update({ state, connection }: PageModel): void {
    setText(this.#phase, PHASES[connection.phase]);
    setAttribute(this.#phase, 'data-phase', connection.phase);
    if (!state) return;
    const { mode, region, release, nowMs, speed = 1, controls = [] } = state;
    const facts = [
      mode === 'local' ? 'on this machine' : undefined,
      region,
      release === undefined ? undefined : `release ${release}`,
      speed === 1 ? undefined : `${speed} × real time`,
      controls.length === 0 ? 'read-only' : undefined,
    ];
    setText(this.#facts, facts.filter((fact) => fact !== undefined).join(' · '));
    setText(this.#clock, timeText(nowMs));
  }
}
