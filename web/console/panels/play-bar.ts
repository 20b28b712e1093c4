import type { ConsoleState } from '../../../core/protocol/console';
import type { ConsoleControlName } from '../../../core/protocol/console-controls';
import { element } from '../../shared/element';
import { countText } from '../format';
import type { PageModel } from '../page-model';
import { button, setText } from '../page-parts';
import type { Act } from '../act';

/** What can be done to a fleet on this machine as a whole; nodes have theirs in their rows. */
export class PlayBar {
  readonly root: HTMLElement;
  readonly #loadText = element('span', { class: 'play-note', 'data-testid': 'load' });
  readonly #rooms = numberInput({ label: 'rooms', value: 2, min: 1, max: 100, testId: 'load-rooms' });
  readonly #peers = numberInput({ label: 'peers each', value: 4, min: 2, max: 100, testId: 'load-peers' });
  readonly #desired = numberInput({ label: '', value: 0, min: 0, max: 1_000, testId: 'desired' });
  readonly #groups: readonly { root: HTMLElement; needs: ConsoleControlName }[];
  readonly #cut: HTMLButtonElement;
  readonly #restore: HTMLButtonElement;
  readonly #removeLoad: HTMLButtonElement;
  #state: ConsoleState | undefined;

  constructor(act: Act) {
    this.#removeLoad = button('Remove all load', {
      testId: 'remove-load',
      onClick: () => act('remove-load', {}, 'The load ends'),
    });
    this.#cut = button('Cut Redis', {
      class: 'button is-danger',
      testId: 'cut-redis',
      onClick: () =>
        act('cut-redis', {}, 'Redis is cut', {
          title: 'Cut Redis?',
          text: 'No node reaches it until you restore it. Calls go on; new rooms can’t be placed.',
          confirm: 'Cut Redis',
          dangerous: true,
        }),
    });
    this.#restore = button('Restore Redis', {
      class: 'button is-primary',
      testId: 'restore-redis',
      onClick: () => act('restore-redis', {}, 'Redis comes back'),
    });
    const load = group(
      'Load',
      form(
        () => {
          const [rooms, peersPerRoom] = [this.#rooms.input.valueAsNumber, this.#peers.input.valueAsNumber];
          act(
            'add-load',
            { rooms, peersPerRoom },
            `${countText(rooms, 'room')} of ${peersPerRoom} peers join`,
          );
        },
        this.#rooms.root,
        this.#peers.root,
        element(
          'button',
          { type: 'submit', class: 'button is-primary', 'data-testid': 'add-load' },
          'Add load',
        ),
      ),
      this.#removeLoad,
      this.#loadText,
    );
    const desired = group(
      'Desired nodes',
      form(
        () => this.#setDesired(act),
        this.#desired.root,
        element('button', { type: 'submit', class: 'button', 'data-testid': 'set-desired' }, 'Set'),
      ),
    );
    const redis = group('Redis', this.#cut, this.#restore);
    this.#groups = [
      { root: load, needs: 'add-load' },
      { root: desired, needs: 'set-desired-capacity' },
      { root: redis, needs: 'cut-redis' },
    ];
    this.root = element(
      'section',
      { class: 'play', 'aria-label': 'Controls', hidden: true },
      load,
      desired,
      redis,
    );
  }

  update({ state }: PageModel): void {
    if (!state) return;
    const { controls = [], load, redis = 'reachable', pool } = state;
    this.root.hidden = controls.length === 0;
    for (const { root, needs } of this.#groups) root.hidden = !controls.includes(needs);
    this.#removeLoad.disabled = (load?.rooms ?? 0) === 0;
    this.#cut.hidden = redis === 'cut';
    this.#restore.hidden = redis !== 'cut';
    setText(
      this.#loadText,
      load && load.rooms > 0
        ? `${countText(load.rooms, 'room')}, ${countText(load.peers, 'peer')} of it`
        : 'none added',
    );
    // Follows the group, but not under the hands of who types.
    const { input } = this.#desired;
    if (
      pool.desired !== undefined &&
      pool.desired !== this.#state?.pool.desired &&
      document.activeElement !== input
    ) {
      input.value = String(pool.desired);
    }
    this.#state = state;
  }

  #setDesired(act: Act): void {
    const desired = this.#desired.input.valueAsNumber;
    const before = this.#state?.pool.desired ?? desired;
    const fewer = before - desired;
    const question =
      fewer > 0
        ? {
            title: `From ${before} to ${countText(desired, 'node')}?`,
            text: `${countText(fewer, 'node')} will be emptied and terminated.`,
            confirm: 'Set',
            dangerous: true,
          }
        : undefined;
    act('set-desired-capacity', { desired }, `Desired capacity is ${desired}`, question);
  }
}

function group(title: string, ...children: HTMLElement[]): HTMLElement {
  return element(
    'div',
    { class: 'play-group', role: 'group', 'aria-label': title },
    element('span', { class: 'play-title' }, title),
    ...children,
  );
}

function form(onSubmit: () => void, ...children: HTMLElement[]): HTMLElement {
  const made = element('form', { class: 'play-form' }, ...children);
  made.addEventListener('submit', (event) => {
    event.preventDefault();
    onSubmit();
  });
  return made;
}

function numberInput(options: { label: string; value: number; min: number; max: number; testId: string }): {
  root: HTMLElement;
  input: HTMLInputElement;
} {
  const { label, value, min, max, testId } = options;
  const input = element('input', {
    type: 'number',
    step: 1,
    required: true,
    'aria-label': label === '' ? 'Desired nodes' : undefined,
    ...{ value, min, max, 'data-testid': testId },
  });
  return { root: element('label', { class: 'play-field' }, input, label), input };
}
