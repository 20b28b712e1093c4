import type { FleetClientError } from '../sdk';
import { type ConnectionState, type FleetClient } from '../sdk';
import { element } from './dom';
import { secondsLeft } from './format';
import { wordsForCode } from './messages-for-errors';
import type { Toasts } from './toasts';

export interface RoomStatusOptions {
  client: FleetClient;
  toasts: Toasts;
  /** The person clicked or pressed a key: sound that was held back may play now. Gives whether it does. */
  onUnblock: () => Promise<boolean>;
}

const PILL_WORDS: Readonly<Record<ConnectionState, string>> = {
  idle: 'Starting',
  connecting: 'Connecting',
  joining: 'Joining',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Left',
  failed: 'Disconnected',
};

/** The small state mark in the top bar, and the line across the page when something needs saying. */
export class RoomStatus {
  readonly pill: HTMLElement;
  readonly banner: HTMLElement;
  readonly #options: RoomStatusOptions;
  readonly #pillText = element('span', {}, '');
  readonly #lost = element('div', {
    class: 'banner banner-lost',
    'data-testid': 'banner-reconnecting',
    role: 'alert',
    hidden: true,
  });
  readonly #soundBlocked: HTMLElement;
  readonly #stops: (() => void)[] = [];
  /** Any click or key press is what the browser waits for. */
  readonly #onGesture = () => {
    if (!this.#soundBlocked.hidden) void this.#unblock();
  };
  #timer: number | undefined;

  constructor(options: RoomStatusOptions) {
    this.#options = options;
    const { client, toasts } = options;
    const unblock = element(
      'button',
      { type: 'button', class: 'quiet-button', 'data-testid': 'unblock-sound' },
      'Turn sound on',
    );
    this.#soundBlocked = element(
      'div',
      { class: 'banner', role: 'alert', hidden: true },
      element('span', {}, 'Your browser holds the sound back until you click or press a key.'),
      unblock,
    );
    this.pill = element(
      'span',
      { class: 'status', 'data-testid': 'status', role: 'status' },
      element('i', { class: 'status-dot', 'aria-hidden': 'true' }),
      this.#pillText,
    );
    this.banner = element('div', { class: 'banners' }, this.#lost, this.#soundBlocked);
    this.#showState(client.connectionState);
    document.addEventListener('click', this.#onGesture);
    document.addEventListener('keydown', this.#onGesture);
    this.#stops.push(
      client.on('connectionStateChanged', ({ state }) => this.#showState(state)),
      client.on('reconnecting', ({ retryInMs, reason }) => this.#showReconnecting(retryInMs, reason)),
      client.on('connected', ({ resumed }) => {
        if (!this.#lost.hidden)
          toasts.info(resumed ? 'Connection is back' : 'You are back in the room', { icon: 'check' });
        this.#hideReconnecting();
      }),
      client.on('warning', ({ error }) => {
        if (error.code === 'PLAYBACK_BLOCKED') this.#soundBlocked.hidden = false;
        else toasts.problem(wordsForCode(error.code, error.message).title);
      }),
    );
  }

  /** Idempotent. */
  close(): void {
    window.clearInterval(this.#timer);
    document.removeEventListener('click', this.#onGesture);
    document.removeEventListener('keydown', this.#onGesture);
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #unblock(): Promise<void> {
    this.#soundBlocked.hidden = await this.#options.onUnblock();
  }

  #showState(state: ConnectionState): void {
    this.pill.dataset.state = state;
    this.#pillText.textContent = PILL_WORDS[state];
  }

  #showReconnecting(retryInMs: number, reason: FleetClientError): void {
    const words = element('span', {}, reconnectingWords(reason));
    const count = element('span', { 'aria-hidden': 'true', class: 'banner-count' });
    this.#lost.replaceChildren(words, count);
    this.#lost.hidden = false;
    const retryAtMs = performance.now() + retryInMs;
    const show = () => {
      const seconds = secondsLeft(retryAtMs, performance.now());
      count.textContent = seconds > 0 ? `Next try in ${seconds} s` : '';
    };
    window.clearInterval(this.#timer);
    this.#timer = window.setInterval(show, 250);
    show();
  }

  #hideReconnecting(): void {
    window.clearInterval(this.#timer);
    this.#lost.hidden = true;
  }
}

/** A planned move and a lost connection feel the same, but only one of them is a worry. */
function reconnectingWords(reason: FleetClientError): string {
  switch (reason.code) {
    case 'FLEET_ERR_ROOM_MOVED':
    case 'FLEET_ERR_SHUTTING_DOWN':
      return 'Moving you to another server… Sound and picture go on.';
    case 'FLEET_ERR_NODE_UNREACHABLE':
    case 'FLEET_ERR_WORKER_DIED':
      return 'The server that carried your call has failed; getting you a new one…';
    case 'CONNECTION_LOST':
      return 'Connection lost, reconnecting… Sound and picture go on while they can.';
    default:
      return `${wordsForCode(reason.code, reason.message).title}, reconnecting…`;
  }
}
