import { gridLayout } from './grid-layout';

/** How many tiles are shown at once, as in other meeting programs; the last of more counts the rest. */
export const MAX_TILES = 49;

/** Smallest tile beside a stage, CSS pixels. */
const STRIP_TILE = { width: 104, height: 72 };

/** CSS pixels, from the top left corner of the stage. */
export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface StageLayoutOptions {
  /** Tiles beside the focused one. */
  count: number;
  /** Whether one more tile (a shared screen, a pinned person) gets most of the place. */
  focused: boolean;
  /** CSS pixels. */
  width: number;
  height: number;
  /** CSS pixels. @default 8 */
  gap?: number;
}

export interface StageLayout {
  focus: Rect | undefined;
  /** May be fewer than asked for: then the last place is for "+ N others". */
  tiles: Rect[];
  /** Height of all tiles together; more than the stage's height means that it scrolls. CSS pixels. */
  contentHeight: number;
}

/** A place for every tile, so that they can move there smoothly and no video element changes its parent. */
export function stageLayout(options: StageLayoutOptions): StageLayout {
  const { count, focused, width, height, gap = 8 } = options;
  if (!focused) {
    const tiles = placeGrid(Math.min(count, MAX_TILES), { left: 0, top: 0, width, height }, gap);
    const bottom = tiles.reduce((lowest, tile) => Math.max(lowest, tile.top + tile.height), 0);
    return { focus: undefined, tiles, contentHeight: Math.max(height, bottom) };
  }
  if (count === 0) {
    return { focus: { left: 0, top: 0, width, height }, tiles: [], contentHeight: height };
  }
  const { focus, strip } = splitStage(width, height, gap);
  const fits =
    Math.max(1, Math.floor((strip.width + gap) / (STRIP_TILE.width + gap))) *
    Math.max(1, Math.floor((strip.height + gap) / (STRIP_TILE.height + gap)));
  return { focus, tiles: placeGrid(Math.min(count, fits), strip, gap), contentHeight: height };
}

/** The others stand beside the stage in a wide window and below it in a tall one. */
function splitStage(width: number, height: number, gap: number): { focus: Rect; strip: Rect } {
  if (width >= height * 1.15) {
    const stripWidth = Math.round(Math.min(260, Math.max(STRIP_TILE.width, width / 5)));
    const focusWidth = width - stripWidth - gap;
    return {
      focus: { left: 0, top: 0, width: focusWidth, height },
      strip: { left: focusWidth + gap, top: 0, width: stripWidth, height },
    };
  }
  const focusHeight = Math.round(Math.min(height * 0.6, (width * 3) / 4));
  return {
    focus: { left: 0, top: 0, width, height: focusHeight },
    strip: { left: 0, top: focusHeight + gap, width, height: Math.max(1, height - focusHeight - gap) },
  };
}

/** The largest tiles that fit `area`, each row centred. */
function placeGrid(count: number, area: Rect, gap: number): Rect[] {
  const grid = gridLayout({ count, width: area.width, height: area.height, gap });
  const gridHeight = grid.rows * (grid.tileHeight + gap) - gap;
  const top = area.top + Math.max(0, Math.floor((area.height - gridHeight) / 2));
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / grid.columns);
    const inRow = Math.min(grid.columns, count - row * grid.columns);
    const rowWidth = inRow * (grid.tileWidth + gap) - gap;
    return {
      left:
        area.left + Math.floor((area.width - rowWidth) / 2) + (index % grid.columns) * (grid.tileWidth + gap),
      top: top + row * (grid.tileHeight + gap),
      width: grid.tileWidth,
      height: grid.tileHeight,
    };
  });
}
