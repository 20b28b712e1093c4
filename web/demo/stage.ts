import { element } from './dom';
import { stageLayout } from './stage-layout';
import type { Tile } from './tile';
import { rememberSpeaker, visibleTiles } from './tile-order';

/**
 * Places the room's tiles: all in a grid, or, while a screen is shared or somebody is pinned, one large with the
 * others beside it. Follows the window's size.
 */
export class Stage {
  readonly root = element('div', { class: 'stage', 'data-testid': 'stage' });
  readonly #canvas = element('div', { class: 'stage-canvas' });
  readonly #others = element('div', { class: 'tile tile-others', 'data-testid': 'tile-others' });
  readonly #tiles = new Map<string, Tile>();
  readonly #observer = new ResizeObserver(() => this.#schedule());
  #recentSpeakers: string[] = [];
  /** `null`: the person chose the grid although a screen is shared. */
  #pinnedId: string | null | undefined;
  #frame = 0;

  constructor() {
    this.#canvas.append(this.#others);
    this.root.append(this.#canvas);
    this.#observer.observe(this.root);
  }

  add(tile: Tile): void {
    this.#tiles.set(tile.id, tile);
    tile.root.classList.add('is-entering');
    this.#canvas.append(tile.root);
    // A newly shared screen takes the stage, whatever was chosen before.
    if (tile.kind === 'screen' && !tile.own) this.#pinnedId = undefined;
    this.#schedule();
  }

  remove(id: string): void {
    this.#tiles.get(id)?.close();
    this.#tiles.delete(id);
    if (this.#pinnedId === id) this.#pinnedId = undefined;
    this.#schedule();
  }

  get(id: string): Tile | undefined {
    return this.#tiles.get(id);
  }

  /** Shows a tile large, or, when it is already, goes back to the grid. */
  togglePin(id: string): void {
    this.#pinnedId = this.#focusedId() === id ? null : id;
    this.#schedule();
  }

  /** A tile whose person speaks gets a place even if not all fit. */
  noteSpeaker(id: string): void {
    this.#recentSpeakers = rememberSpeaker(this.#recentSpeakers, id);
    if (this.#tiles.get(id)?.root.hidden) this.#schedule();
  }

  /** Idempotent. */
  close(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    for (const tile of this.#tiles.values()) tile.close();
    this.#tiles.clear();
  }

  #focusedId(): string | undefined {
    if (this.#pinnedId === null) return undefined;
    if (this.#pinnedId !== undefined) return this.#pinnedId;
    const screens = [...this.#tiles.values()].filter((tile) => tile.kind === 'screen' && !tile.own);
    return screens.at(-1)?.id;
  }

  #schedule(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#arrange());
  }

  #arrange(): void {
    const width = this.root.clientWidth;
    const height = this.root.clientHeight;
    const focusedId = this.#focusedId();
    const ids = [...this.#tiles.keys()].filter((id) => id !== focusedId);
    const layout = stageLayout({ count: ids.length, focused: focusedId !== undefined, width, height });
    const places = layout.tiles.length;
    const shownTiles = ids.length > places ? Math.max(0, places - 1) : places;
    const shown = visibleTiles({ ids, recentSpeakers: this.#recentSpeakers, limit: shownTiles });
    const rects = new Map(shown.map((id, index) => [id, layout.tiles[index]]));
    for (const [id, tile] of this.#tiles) {
      const focused = id === focusedId;
      tile.place(focused ? layout.focus : rects.get(id));
      tile.setPinned(focused);
      tile.root.classList.toggle('is-focused', focused);
      tile.root.classList.remove('is-entering');
    }
    const hiddenCount = ids.length - shown.length;
    const othersRect = hiddenCount > 0 ? layout.tiles[places - 1] : undefined;
    this.#others.hidden = othersRect === undefined;
    this.#others.textContent = `+ ${hiddenCount} others`;
    if (othersRect) {
      for (const side of ['left', 'top', 'width', 'height'] as const) {
        this.#others.style[side] = `${othersRect[side]}px`;
      }
    }
    this.root.classList.toggle('is-scrolling', layout.contentHeight > height);
    this.#canvas.style.height = `${layout.contentHeight}px`;
    this.root.dataset.mode = focusedId === undefined ? 'grid' : 'focus';
  }
}
