import { element } from '../shared/element';

export interface Question {
  title: string;
  text: string;
  /** The word on the button that goes on. */
  confirm: string;
  /** Something is lost by it. */
  dangerous: boolean;
  /** A number that goes with it. */
  number?: { label: string; min: number; max: number; value: number };
}

/** Asks before something that can't be taken back. Gives the number (0 without one), or undefined for "no". */
export function ask({ title, text, confirm, dangerous, number }: Question): Promise<number | undefined> {
  const input =
    number &&
    element('input', {
      type: 'number',
      id: 'ask-number',
      min: number.min,
      max: number.max,
      step: 1,
      value: number.value,
      required: true,
      'data-testid': 'ask-number',
    });
  const no = element('button', { type: 'button', class: 'button', 'data-testid': 'ask-no' }, 'Cancel');
  const yes = element(
    'button',
    { type: 'submit', class: dangerous ? 'button is-danger' : 'button is-primary', 'data-testid': 'ask-yes' },
    confirm,
  );
  const form = element(
    'form',
    {},
    element('h2', { id: 'ask-title' }, title),
    element('p', { id: 'ask-text' }, text),
    input && element('label', { class: 'field', for: 'ask-number' }, number?.label, input),
    element('div', { class: 'ask-buttons' }, no, yes),
  );
  const dialog = element(
    'dialog',
    { class: 'ask', 'data-testid': 'ask', 'aria-labelledby': 'ask-title', 'aria-describedby': 'ask-text' },
    form,
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    let answer: number | undefined;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      answer = input ? input.valueAsNumber : 0;
      dialog.close();
    });
    no.addEventListener('click', () => dialog.close());
    // Escape comes here too.
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
    (input ?? no).focus();
  });
}
