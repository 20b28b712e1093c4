import type { ConsoleRoom } from '../../../core/protocol/console';
import type { ConsolePipe } from '../../../core/protocol/console-pipes';
import { element } from '../../shared/element';
import { bitrateText } from '../format';
import { button, setAttribute, setText } from '../page-parts';
import { pipeText } from './pipe-words';

/** How the pipes of a room fare now. */
export type ReadPipes = (roomId: string) => Promise<readonly ConsolePipe[]>;

/** A room, and its pipes while somebody wants to see them: nobody else has them measured. */
export class RoomRow {
  readonly root: HTMLElement;
  readonly #roomId: string;
  readonly #readPipes: ReadPipes;
  readonly #toggle: HTMLButtonElement;
  readonly #where = element('span', {});
  readonly #pipes = element('ul', { class: 'pipes', hidden: true, 'data-testid': 'pipes' });
  readonly #nodes = element('td', { class: 'cut' }, this.#where, this.#pipes);
  readonly #peers = element('td', { class: 'number' });
  readonly #egress = element('td', { class: 'number' });
  #reading = false;

  constructor({ roomId }: ConsoleRoom, readPipes: ReadPipes) {
    this.#roomId = roomId;
    this.#readPipes = readPipes;
    this.#toggle = button(roomId, {
      class: 'room-name cut',
      testId: 'room-pipes',
      onClick: () => this.#turn(),
    });
    this.#toggle.title = roomId;
    setAttribute(this.#toggle, 'aria-expanded', 'false');
    this.root = element(
      'tr',
      { 'data-testid': 'room', 'data-room-id': roomId },
      element('th', { scope: 'row', class: 'cut' }, this.#toggle),
      this.#nodes,
      this.#peers,
      this.#egress,
    );
  }

  update({ nodeIds, peers, egressBps }: ConsoleRoom): void {
    const nodes = nodeIds.join(', ');
    setText(this.#where, nodes);
    setAttribute(this.#where, 'title', nodes);
    setText(this.#peers, String(peers));
    setText(this.#egress, egressBps === undefined ? '–' : bitrateText(egressBps));
    if (!this.#pipes.hidden) void this.#read();
  }

  #turn(): void {
    this.#pipes.hidden = !this.#pipes.hidden;
    setAttribute(this.#toggle, 'aria-expanded', String(!this.#pipes.hidden));
    if (!this.#pipes.hidden) void this.#read();
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const pipes = await this.#readPipes(this.#roomId);
      this.#show(pipes.length === 0 ? ['No pipes: the room is on one worker.'] : pipes.map(pipeText));
    } catch (error) {
      this.#show([`Not known: ${error instanceof Error ? error.message : String(error)}`]);
    } finally {
      this.#reading = false;
    }
  }

  #show(lines: readonly string[]): void {
    const { children } = this.#pipes;
    while (children.length > lines.length) children[children.length - 1]?.remove();
    while (children.length < lines.length) this.#pipes.append(element('li', { class: 'cut' }));
    for (const [index, line] of lines.entries()) {
      const item = children[index] as HTMLElement;
      setText(item, line);
      setAttribute(item, 'title', line);
    }
  }
}
