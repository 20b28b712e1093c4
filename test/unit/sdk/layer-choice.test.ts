import {
  ASSUMED_SIZE,
  chooseSpatialLayer,
  fullSize,
  neededScale,
} from '../../../web/sdk/subscribe/layer-choice';

const HD = { width: 1280, height: 720 };

describe('chooseSpatialLayer', () => {
  const choose = (scale: number, current?: number) => chooseSpatialLayer({ scale, layerCount: 3, current });

  it('takes the lowest of three layers that is large enough, enlarged by a quarter at most', () => {
    expect(choose(0.1)).toBe(0);
    expect(choose(0.31)).toBe(0);
    expect(choose(0.32)).toBe(1);
    expect(choose(0.62)).toBe(1);
    expect(choose(0.63)).toBe(2);
    expect(choose(4)).toBe(2);
  });

  it('stays where it is while a size trembles at the border', () => {
    expect(choose(0.33, 0)).toBe(0);
    expect(choose(0.3, 1)).toBe(1);
    expect(choose(0.37, 0)).toBe(1);
    expect(choose(0.26, 1)).toBe(0);
  });

  it('jumps over a layer when the size does', () => {
    expect(choose(1, 0)).toBe(2);
    expect(choose(0.1, 2)).toBe(0);
  });

  it('never changes back and forth on the same size', () => {
    for (let step = 1; step <= 200; step += 1) {
      const scale = step / 100;
      for (const start of [0, 1, 2]) {
        const settled = choose(scale, start);
        expect(choose(scale, settled)).toBe(settled);
      }
    }
  });

  it('has no choice with one layer, and takes a choice for more layers as none', () => {
    expect(chooseSpatialLayer({ scale: 0.01, layerCount: 1 })).toBe(0);
    expect(chooseSpatialLayer({ scale: 0.1, layerCount: 2, current: 5 })).toBe(0);
  });
});

describe('neededScale', () => {
  const shown = { width: 320, height: 180, pixelRatio: 1, fit: 'inside' as const };

  it('counts the pixels of dense screens, up to two per CSS pixel', () => {
    expect(neededScale(shown, HD)).toBe(0.25);
    expect(neededScale({ ...shown, pixelRatio: 2 }, HD)).toBe(0.5);
    expect(neededScale({ ...shown, pixelRatio: 3 }, HD)).toBe(0.5);
  });

  it('counts only the picture in a box of another shape, unless it fills the box', () => {
    const tall = { ...shown, height: 720 };
    expect(neededScale(tall, HD)).toBe(0.25);
    expect(neededScale({ ...tall, fit: 'fill' }, HD)).toBe(1);
  });
});

describe('fullSize', () => {
  it('tells the full picture from the layer that is decoded', () => {
    expect(fullSize({ width: 320, height: 180 }, 0, 3)).toEqual(HD);
    expect(fullSize({ width: 640, height: 360 }, 1, 3)).toEqual(HD);
    expect(fullSize({ width: 1280, height: 720 }, 2, 3)).toEqual(HD);
  });

  it('assumes 720p while nothing is decoded', () => {
    expect(fullSize({ width: 0, height: 0 }, 0, 3)).toEqual(ASSUMED_SIZE);
    expect(fullSize({ width: 320, height: 180 }, undefined, 3)).toEqual(ASSUMED_SIZE);
  });
});
