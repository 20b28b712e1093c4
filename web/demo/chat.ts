import { element, icon, iconButton } from './dom';
import { clockText, hueOf } from './format';
import { splitLinks } from './text-links';

export interface ChatOptions {
  /** Sends to everyone else. @throws when it can't be sent; the text then stays in the field */
  send: (text: string) => Promise<void>;
  /** Words for what `send` threw. */
  wordsFor: (error: unknown) => string;
  onUnread: (count: number) => void;
  onClose: () => void;
}

export interface ShownMessage {
  peerId: string;
  name: string;
  text: string;
  at: Date;
  own: boolean;
}

/** Letters per message; far under what a data channel takes. */
const MAX_LENGTH = 4_000;
/** Messages kept in the page, so that a day-long room doesn't fill the browser's memory. */
const MAX_SHOWN = 500;
/** Messages of one person within this time stand under one name. */
const SAME_GROUP_MS = 3 * 60_000;

/** The chat panel. Everything people write is shown as text only. */
export class Chat {
  readonly root: HTMLElement;
  readonly #options: ChatOptions;
  readonly #list = element('ol', {
    class: 'chat-list',
    role: 'log',
    'aria-label': 'Messages',
    tabindex: 0,
    'data-testid': 'chat-list',
  });
  readonly #empty = element(
    'p',
    { class: 'panel-empty' },
    'No messages yet. What you write is seen by those in the room now, and kept nowhere.',
  );
  readonly #input = element('textarea', {
    class: 'chat-input',
    rows: 1,
    maxlength: MAX_LENGTH,
    placeholder: 'Message to everybody',
    'aria-label': 'Message to everybody',
    'data-testid': 'chat-input',
    enterkeyhint: 'send',
  });
  readonly #problem = element('p', { class: 'field-problem', role: 'alert', 'data-testid': 'chat-problem' });
  #last: ShownMessage | undefined;
  #open = false;
  #unread = 0;
  #sending = false;

  constructor(options: ChatOptions) {
    this.#options = options;
    const form = element(
      'form',
      { class: 'chat-form' },
      this.#input,
      element(
        'button',
        {
          type: 'submit',
          class: 'send-button',
          'aria-label': 'Send',
          title: 'Send',
          'data-testid': 'chat-send',
        },
        icon('send'),
      ),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#input.addEventListener('keydown', (event) => {
      // While an input method composes a letter, Enter belongs to it.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.#send();
    });
    this.#input.addEventListener('input', () => this.#grow());
    this.root = element(
      'section',
      { class: 'panel chat', 'aria-label': 'Chat', 'data-testid': 'chat', hidden: true },
      element(
        'header',
        { class: 'panel-head' },
        element('h2', {}, 'Chat'),
        iconButton({ icon: 'close', label: 'Close chat', testId: 'chat-close', onClick: options.onClose }),
      ),
      this.#empty,
      this.#list,
      this.#problem,
      form,
    );
  }

  /** For good: this person has no right to write. */
  forbid(): void {
    this.#input.disabled = true;
    this.#input.placeholder = 'Your invitation lets you read here';
    const send = this.root.querySelector<HTMLButtonElement>('.send-button');
    if (send) send.disabled = true;
  }

  setOpen(open: boolean): void {
    this.#open = open;
    this.root.hidden = !open;
    if (!open) return;
    this.#unread = 0;
    this.#options.onUnread(0);
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#input.focus();
  }

  add(message: ShownMessage): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const atEnd = scrollHeight - scrollTop - clientHeight < 60;
    this.#empty.hidden = true;
    const follows =
      this.#last?.peerId === message.peerId &&
      this.#last.name === message.name &&
      message.at.getTime() - this.#last.at.getTime() < SAME_GROUP_MS;
    this.#last = message;
    this.#list.append(messageElement(message, follows));
    if (this.#list.childElementCount > MAX_SHOWN) this.#list.firstElementChild?.remove();
    if (atEnd || message.own) this.#list.scrollTop = this.#list.scrollHeight;
    if (!this.#open && !message.own) {
      this.#unread += 1;
      this.#options.onUnread(this.#unread);
    }
  }

  async #send(): Promise<void> {
    const text = this.#input.value.trim();
    if (text === '' || this.#sending) return;
    this.#sending = true;
    try {
      await this.#options.send(text);
      this.#problem.textContent = '';
      this.#input.value = '';
      this.#grow();
    } catch (error) {
      this.#problem.textContent = `Not sent: ${this.#options.wordsFor(error)}`;
    } finally {
      this.#sending = false;
    }
  }

  /** The field is as tall as its text, up to what the style sheet allows. */
  #grow(): void {
    this.#input.style.height = 'auto';
    this.#input.style.height = `${this.#input.scrollHeight + 2}px`;
  }
}

function messageElement(message: ShownMessage, follows: boolean): HTMLElement {
  const body = element('p', { class: 'chat-text' });
  for (const { text, href } of splitLinks(message.text)) {
    body.append(
      href === undefined ? text : element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text),
    );
  }
  const item = element(
    'li',
    {
      class: `chat-message${message.own ? ' is-own' : ''}${follows ? ' follows' : ''}`,
      'data-testid': 'chat-message',
    },
    element(
      'div',
      { class: 'chat-meta' },
      element('span', { class: 'chat-name' }, message.own ? 'You' : message.name),
      element('time', { datetime: message.at.toISOString() }, clockText(message.at.getTime())),
    ),
    body,
  );
  item.style.setProperty('--hue', String(hueOf(message.peerId)));
  return item;
}
