import { gridLayout } from '../../../web/demo/grid-layout';

const DESKTOP = { width: 1248, height: 660 };
const PHONE = { width: 344, height: 560 };

describe('the grid of tiles', () => {
  it.each([1, 2, 3, 4, 5, 7, 12, 25, 49])(
    'places %i tiles inside a desktop window without scrolling',
    (count) => {
      const grid = gridLayout({ count, ...DESKTOP });

      expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
      expect(grid.columns * (grid.tileWidth + 8) - 8).toBeLessThanOrEqual(DESKTOP.width);
      expect(grid.rows * (grid.tileHeight + 8) - 8).toBeLessThanOrEqual(DESKTOP.height);
      expect(grid.scrolls).toBe(false);
    },
  );

  it('takes the number of columns that makes the tiles largest', () => {
    for (let count = 1; count <= 49; count += 1) {
      const grid = gridLayout({ count, ...DESKTOP });
      for (let columns = 1; columns <= count; columns += 1) {
        const rows = Math.ceil(count / columns);
        const cellWidth = (DESKTOP.width - 8 * (columns - 1)) / columns;
        const cellHeight = (DESKTOP.height - 8 * (rows - 1)) / rows;
        const aspectRatio = Math.min(16 / 9, Math.max(4 / 3, cellWidth / cellHeight));
        const width = Math.floor(Math.min(cellWidth, cellHeight * aspectRatio));
        const height = Math.floor(Math.min(cellHeight, cellWidth / aspectRatio));
        expect(grid.tileWidth * grid.tileHeight).toBeGreaterThanOrEqual(width * height);
      }
    }
  });

  it('puts two people beside each other on a desktop and above each other on a phone', () => {
    expect(gridLayout({ count: 2, ...DESKTOP }).columns).toBe(2);
    expect(gridLayout({ count: 2, ...PHONE }).columns).toBe(1);
  });

  it('keeps every tile between a square and 16:9', () => {
    for (let count = 1; count <= 49; count += 1) {
      for (const window of [DESKTOP, PHONE, { width: 844, height: 220 }]) {
        const { tileWidth, tileHeight } = gridLayout({ count, ...window });
        expect(tileWidth / tileHeight).toBeGreaterThan(0.97);
        expect(tileWidth / tileHeight).toBeLessThan(1.82);
      }
    }
  });

  it('cuts off no more than a quarter of a camera’s width in a wide window', () => {
    for (let count = 1; count <= 49; count += 1) {
      const { tileWidth, tileHeight } = gridLayout({ count, ...DESKTOP });
      expect(tileWidth / tileHeight).toBeGreaterThan(1.3);
    }
  });

  it('scrolls on a phone rather than showing faces too small to see', () => {
    const grid = gridLayout({ count: 49, ...PHONE });

    expect(grid.scrolls).toBe(true);
    expect(grid.tileWidth).toBeGreaterThanOrEqual(104);
    expect(grid.columns * (grid.tileWidth + 8) - 8).toBeLessThanOrEqual(PHONE.width);
  });

  it('gives nothing for no tiles or no room', () => {
    expect(gridLayout({ count: 0, ...DESKTOP }).columns).toBe(0);
    expect(gridLayout({ count: 3, width: 0, height: 0 }).columns).toBe(0);
  });
});
