export interface GridLayoutOptions {
  /** Tiles to place. */
  count: number;
  /** Room for them, CSS pixels. */
  width: number;
  height: number;
  /** Between tiles, CSS pixels. @default 8 */
  gap?: number;
  /**
   * Width ÷ height that a tile may take at least; less cuts off more of a camera's picture. @default 4/3, in a
   * window that is taller than wide 1
   */
  minAspectRatio?: number;
  /** Width ÷ height that a tile may take at most. @default 16/9 */
  maxAspectRatio?: number;
  /** Below this width a face says nothing, CSS pixels: the grid scrolls instead. @default 104 */
  minTileWidth?: number;
}

export interface GridLayout {
  columns: number;
  rows: number;
  /** CSS pixels, whole numbers. */
  tileWidth: number;
  tileHeight: number;
  /** True when the rows together are taller than the window. */
  scrolls: boolean;
}

/** The number of columns that makes the tiles largest, and their size. */
export function gridLayout(options: GridLayoutOptions): GridLayout {
  const { count, width, height, gap = 8, minTileWidth = 104 } = options;
  const minAspectRatio = options.minAspectRatio ?? (width < height ? 1 : 4 / 3);
  const maxAspectRatio = options.maxAspectRatio ?? 16 / 9;
  if (count < 1 || width < 1 || height < 1) {
    return { columns: 0, rows: 0, tileWidth: 0, tileHeight: 0, scrolls: false };
  }
  let best: GridLayout | undefined;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const cellHeight = (height - gap * (rows - 1)) / rows;
    if (cellWidth < 1 || cellHeight < 1) continue;
    const aspectRatio = Math.min(maxAspectRatio, Math.max(minAspectRatio, cellWidth / cellHeight));
    const tileWidth = Math.floor(Math.min(cellWidth, cellHeight * aspectRatio));
    const tileHeight = Math.floor(Math.min(cellHeight, cellWidth / aspectRatio));
    if (!best || tileWidth * tileHeight > best.tileWidth * best.tileHeight) {
      best = { columns, rows, tileWidth, tileHeight, scrolls: false };
    }
  }
  const readable = Math.min(minTileWidth, width);
  if (best && best.tileWidth >= readable) return best;
  const columns = Math.max(1, Math.min(count, Math.floor((width + gap) / (readable + gap))));
  const tileWidth = Math.floor((width - gap * (columns - 1)) / columns);
  const tileHeight = Math.floor(tileWidth / Math.min(maxAspectRatio, 4 / 3));
  const rows = Math.ceil(count / columns);
  return { columns, rows, tileWidth, tileHeight, scrolls: rows * (tileHeight + gap) - gap > height };
}
