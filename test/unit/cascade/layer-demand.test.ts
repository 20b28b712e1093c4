import {
  isSameWanted,
  joinWanted,
  LayerHysteresis,
  wantedLayers,
  type LayerDemand,
  type WantedLayers,
} from '../../../core/cascade/layer-demand';

const ALL = [0, 1, 2];

function demand(preferredLayer: number, currentLayer?: number, unsatisfiedMs = 0): LayerDemand {
  return { preferredLayer, currentLayer, unsatisfiedMs };
}

test.each<[string, LayerDemand[], number[], number[]]>([
  ['nobody watches', [], ALL, []],
  ['everybody has what it asked for', [demand(2, 2), demand(2, 2)], ALL, [2]],
  ['two are content with different layers', [demand(2, 2), demand(0, 0)], ALL, [0, 2]],
  ['one has just begun', [demand(2)], ALL, [0, 2]],
  ['one is on its way up', [demand(2, 0)], ALL, [0, 2]],
  ['one is on its way down', [demand(0, 2)], ALL, [0, 2]],
  ['one is held back by its network', [demand(2, 0, 6_000)], ALL, [0, 1]],
  ['one is held back below the top', [demand(2, 1, 6_000)], ALL, [1, 2]],
  ['one got nothing at all for long', [demand(2, undefined, 6_000)], ALL, [0]],
  ['the layer asked for is not sent', [demand(2, 1)], [0, 1], [1, 2]],
  [
    'the layer asked for is not sent, and the network too weak for what is',
    [demand(2, 0, 6_000)],
    [0, 1],
    [0, 1],
  ],
  ['only layers above the one asked for are sent', [demand(0, 2)], [2], [2]],
  ['nothing is sent yet', [demand(2)], [], [2]],
  ['what it received has ended', [demand(2, 1)], [0, 2], [0, 2]],
])('when %s, only the layers of use cross', (_, demands, live, expected) => {
  expect(wantedLayers(demands, live)).toEqual(expected);
});

const NOTHING: WantedLayers = { spatialLayers: [] };

test.each<[string, WantedLayers[], WantedLayers]>([
  ['nobody asks', [], NOTHING],
  ['those who ask want nothing', [NOTHING, { spatialLayers: [], temporalLayer: 2 }], NOTHING],
  [
    'they want different layers',
    [
      { spatialLayers: [2, 0], temporalLayer: 0 },
      { spatialLayers: [0, 1], temporalLayer: 1 },
    ],
    { spatialLayers: [0, 1, 2], temporalLayer: 1 },
  ],
  [
    'one of them wants all temporal layers',
    [{ spatialLayers: [0], temporalLayer: 0 }, { spatialLayers: [1] }],
    { spatialLayers: [0, 1] },
  ],
  [
    'one of them wants nothing of all temporal layers',
    [{ spatialLayers: [0], temporalLayer: 0 }, NOTHING],
    { spatialLayers: [0], temporalLayer: 0 },
  ],
])('when %s, a pipe is asked for all of it and no more', (_, all, expected) => {
  expect(joinWanted(all)).toEqual(expected);
});

test.each<[WantedLayers, boolean]>([
  [{ spatialLayers: [0, 2], temporalLayer: 1 }, true],
  [{ spatialLayers: [0, 2], temporalLayer: 0 }, false],
  [{ spatialLayers: [0, 2] }, false],
  [{ spatialLayers: [0], temporalLayer: 1 }, false],
  [{ spatialLayers: [0, 1], temporalLayer: 1 }, false],
])('what is asked is the same only in all of it: %j', (other, same) => {
  expect(isSameWanted({ spatialLayers: [0, 2], temporalLayer: 1 }, other)).toBe(same);
});

test('a layer is asked for at once and kept for a while after the last who wanted it', () => {
  const hysteresis = new LayerHysteresis(2_000);
  expect(hysteresis.update([0, 2], 0)).toEqual([0, 2]);
  expect(hysteresis.update([2], 1_000)).toEqual([0, 2]);
  expect(hysteresis.update([2], 1_999)).toEqual([0, 2]);
  expect(hysteresis.update([2], 2_000)).toEqual([2]);
  expect(hysteresis.update([0], 2_500)).toEqual([0, 2]);
  // Wanted again in time: the wait begins anew.
  expect(hysteresis.update([0, 2], 4_000)).toEqual([0, 2]);
  expect(hysteresis.update([0], 5_999)).toEqual([0, 2]);
  expect(hysteresis.update([], 8_000)).toEqual([]);
});
