import { element } from '../shared/element';

/** Changes a text only when it differs: a screen reader, a selection and the browser's layout are left in peace. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Changes an attribute only when it differs. */
export function setAttribute(node: HTMLElement, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export interface PanelOptions {
  /** Also the name of its area in the style sheet. */
  name: string;
  title: string;
  /** Beside the title. */
  aside?: HTMLElement;
  /** What is said while there is nothing to show. */
  empty?: string;
}

/** A titled part of the board; its body scrolls. */
export class Panel {
  readonly root: HTMLElement;
  readonly body = element('div', { class: 'panel-body' });
  readonly #empty: HTMLElement;
  readonly #count = element('span', { class: 'panel-count' });

  constructor({ name, title, aside, empty = '' }: PanelOptions) {
    this.#empty = element('p', { class: 'panel-empty', hidden: true }, empty);
    // Without a stop of its own, the keyboard couldn't scroll it.
    this.body.tabIndex = 0;
    this.body.setAttribute('role', 'group');
    this.body.setAttribute('aria-label', title);
    this.root = element(
      'section',
      { class: `panel panel-${name}`, 'data-testid': `panel-${name}`, 'aria-labelledby': `title-${name}` },
      element(
        'header',
        { class: 'panel-head' },
        element('h2', { id: `title-${name}` }, title),
        this.#count,
        aside,
      ),
      this.#empty,
      this.body,
    );
  }

  /** `count`: beside the title; `isEmpty`: the words for that instead of the body. */
  show(options: { count?: string; isEmpty: boolean }): void {
    setText(this.#count, options.count ?? '');
    this.#empty.hidden = !options.isEmpty;
    this.body.hidden = options.isEmpty;
  }
}

/** A word in a coloured field; the colour says nothing that the word doesn't. */
export class Chip {
  readonly root = element('span', { class: 'chip' });

  show(text: string, tone: string): void {
    setText(this.root, text);
    setAttribute(this.root, 'data-tone', tone);
  }
}

export function button(
  label: string,
  options: { testId?: string; class?: string; name?: string; onClick: () => void },
): HTMLButtonElement {
  const made = element(
    'button',
    {
      type: 'button',
      class: options.class ?? 'button',
      'data-testid': options.testId,
      'aria-label': options.name,
    },
    label,
  );
  made.addEventListener('click', options.onClick);
  return made;
}
