import { element } from './dom';

/** A line under a text field that appears once no more letters fit, instead of swallowing them in silence. */
export function lengthNote(input: HTMLInputElement, maxLength: number): HTMLElement {
  const note = element('p', { class: 'field-note', role: 'status', 'data-testid': `${input.id}-note` });
  const show = () => {
    note.textContent = input.value.length >= maxLength ? `That’s all that fits: ${maxLength} letters.` : '';
  };
  input.addEventListener('input', show);
  show();
  return note;
}
