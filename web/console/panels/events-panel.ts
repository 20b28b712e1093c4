import type { ConsoleEvent } from '../../../core/protocol/console';
import { element } from '../../shared/element';
import { timeText } from '../format';
import { KeyedList } from '../keyed-list';
import type { PageModel } from '../page-model';
import { Panel } from '../page-parts';

class EventRow {
  readonly root: HTMLElement;

  constructor({ atMs, tone, kind, text }: ConsoleEvent) {
    this.root = element(
      'li',
      { class: 'event', 'data-testid': 'event', 'data-tone': tone, 'data-kind': kind },
      element('time', { datetime: new Date(atMs).toISOString() }, timeText(atMs)),
      element('span', { class: 'event-text' }, text),
    );
  }

  update(): void {
    // What happened doesn't change.
  }
}

/** What happened, newest first. */
export class EventsPanel {
  readonly root: HTMLElement;
  readonly #panel = new Panel({ name: 'events', title: 'Events', empty: 'Nothing has happened yet.' });
  readonly #rows: KeyedList<ConsoleEvent, EventRow>;

  constructor() {
    const list = element('ol', { class: 'list events' });
    this.#rows = new KeyedList(list, {
      key: ({ sequence }) => String(sequence),
      create: (event) => new EventRow(event),
    });
    this.#panel.body.append(list);
    this.root = this.#panel.root;
  }

  update({ entries }: PageModel): void {
    this.#panel.show({ isEmpty: entries.length === 0 });
    this.#rows.update(entries);
  }
}
