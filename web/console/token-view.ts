import { element } from '../shared/element';
import { setText } from './page-parts';

/** Asks for an operator's token. */
export class TokenView {
  readonly root: HTMLElement;
  readonly #input = element('input', {
    type: 'password',
    id: 'token',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
    'aria-describedby': 'token-problem',
    'data-testid': 'token',
  });
  readonly #problem = element('p', {
    class: 'token-problem',
    id: 'token-problem',
    role: 'alert',
    'data-testid': 'token-problem',
  });

  constructor(onToken: (token: string) => void) {
    const form = element(
      'form',
      { class: 'token-form' },
      element('h2', {}, 'An operator’s token, please'),
      element(
        'p',
        {},
        'It stays in this tab and goes with it. This prints one for an hour, FILE being the operators’ keys:',
      ),
      element('code', {}, 'npm run -s fleet -- token --key-file FILE --operator --ttl 1h'),
      element('label', { for: 'token' }, 'Token'),
      this.#input,
      this.#problem,
      element(
        'button',
        { type: 'submit', class: 'button is-primary', 'data-testid': 'token-use' },
        'Open the console',
      ),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const token = this.#input.value.trim();
      this.#input.value = '';
      if (token !== '') onToken(token);
    });
    this.root = element('div', { class: 'token-view', hidden: true, 'data-testid': 'token-view' }, form);
  }

  show(problem: string | undefined): void {
    setText(this.#problem, problem === undefined ? '' : `It was refused: ${problem}`);
    if (!this.root.hidden) return;
    this.root.hidden = false;
    this.#input.focus();
  }

  hide(): void {
    this.root.hidden = true;
  }
}
