import { MAX_TILES, stageLayout, type Rect } from '../../../web/demo/stage-layout';

function overlap(one: Rect, other: Rect): boolean {
  return (
    one.left < other.left + other.width &&
    other.left < one.left + one.width &&
    one.top < other.top + other.height &&
    other.top < one.top + one.height
  );
}

/** Collected and expected once: a full stage has over a thousand pairs. */
function expectApart(rects: readonly Rect[], bounds: { width: number; height: number }): void {
  const outside = rects.filter(
    ({ left, top, width, height }) =>
      left < 0 || top < 0 || left + width > bounds.width || top + height > bounds.height,
  );
  const overlapping = rects.filter((rect, index) =>
    rects.slice(index + 1).some((other) => overlap(rect, other)),
  );
  expect({ outside, overlapping }).toEqual({ outside: [], overlapping: [] });
}

const WINDOWS = [
  { width: 1248, height: 660 },
  { width: 820, height: 660 },
  { width: 344, height: 500 },
  { width: 828, height: 280 },
];

describe('the stage', () => {
  it.each(WINDOWS)('keeps all tiles of a grid apart and inside in %o', (window) => {
    for (let count = 1; count <= MAX_TILES; count += 1) {
      const layout = stageLayout({ count, focused: false, ...window });
      expect(layout.tiles).toHaveLength(count);
      expectApart(layout.tiles, { width: window.width, height: layout.contentHeight });
    }
  });

  it.each(WINDOWS)('keeps a focused tile and those beside it apart and inside in %o', (window) => {
    for (let count = 0; count <= 30; count += 1) {
      const { focus, tiles, contentHeight } = stageLayout({ count, focused: true, ...window });
      expect(contentHeight).toBe(window.height);
      expectApart(focus ? [focus, ...tiles] : tiles, window);
    }
  });

  it('gives a shared screen more than half of a wide window, with the others beside it', () => {
    const { focus, tiles } = stageLayout({ count: 5, focused: true, width: 1248, height: 660 });

    expect(focus?.width).toBeGreaterThan(624);
    expect(tiles.every((tile) => tile.left >= (focus?.width ?? 0))).toBe(true);
  });

  it('puts the others below a shared screen on a phone', () => {
    const { focus, tiles } = stageLayout({ count: 5, focused: true, width: 344, height: 560 });

    expect(focus?.width).toBe(344);
    expect(tiles.every((tile) => tile.top >= (focus?.height ?? 0))).toBe(true);
  });

  it('offers at most 49 places, however many people there are', () => {
    expect(stageLayout({ count: 300, focused: false, width: 1248, height: 660 }).tiles).toHaveLength(49);
  });

  it('centres a last row that is not full', () => {
    const { tiles } = stageLayout({ count: 5, focused: false, width: 1248, height: 660 });

    const last = tiles.slice(3);
    const left = last[0]?.left ?? 0;
    const right = 1248 - ((last[1]?.left ?? 0) + (last[1]?.width ?? 0));
    expect(Math.abs(left - right)).toBeLessThanOrEqual(1);
  });
});
