import type { ConsoleRoom } from '../../../core/protocol/console';
import { element } from '../../shared/element';
import { byName, countText } from '../format';
import { KeyedList } from '../keyed-list';
import type { PageModel } from '../page-model';
import { Panel } from '../page-parts';
import { RoomRow, type ReadPipes } from './room-row';

/** Rooms and where they are. */
export class RoomsPanel {
  readonly root: HTMLElement;
  readonly #panel = new Panel({
    name: 'rooms',
    title: 'Rooms',
    empty: 'No rooms. The first person who joins one opens it.',
  });
  readonly #rows: KeyedList<ConsoleRoom, RoomRow>;

  constructor(readPipes: ReadPipes) {
    const body = element('tbody', {});
    this.#rows = new KeyedList(body, {
      key: ({ roomId }) => roomId,
      create: (room) => new RoomRow(room, readPipes),
    });
    const titles = ['Room', 'Nodes', 'Peers', 'Reserved'].map((title, index) =>
      element('th', { scope: 'col', class: index > 1 ? 'number' : undefined }, title),
    );
    this.#panel.body.append(
      element('table', { class: 'rooms' }, element('thead', {}, element('tr', {}, ...titles)), body),
    );
    this.root = this.#panel.root;
  }

  update({ state }: PageModel): void {
    const { list = [], total = 0 } = state?.rooms ?? {};
    const shown =
      list.length < total ? `${list.length} of ${countText(total, 'room')}` : countText(total, 'room');
    this.#panel.show({ isEmpty: list.length === 0, count: shown });
    this.#rows.update(list.toSorted((a, b) => byName(a.roomId, b.roomId)));
  }
}
