import { element, icon } from './dom';

/** Between the entry and the room, while the fleet finds a place. */
export class WaitingView {
  readonly root: HTMLElement;

  constructor(options: { room: string; onCancel: () => void }) {
    const cancel = element(
      'button',
      { type: 'button', class: 'quiet-button', 'data-testid': 'cancel' },
      'Cancel',
    );
    cancel.addEventListener('click', options.onCancel);
    this.root = element(
      'main',
      { class: 'center-view', 'data-testid': 'waiting' },
      element(
        'div',
        { class: 'card waiting' },
        element('div', { class: 'waiting-mark' }, icon('mark')),
        element('h1', { role: 'status' }, `Joining ${options.room}…`),
        element('p', {}, 'Finding the media node with the most room for you.'),
        cancel,
      ),
    );
  }

  focus(): void {
    this.root.querySelector('button')?.focus();
  }

  /** Idempotent. */
  close(): void {
    this.root.remove();
  }
}
