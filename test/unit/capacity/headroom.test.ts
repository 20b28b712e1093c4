import fc from 'fast-check';
import { fitsInto, headroomOf, subtractVector } from '../../../core/capacity/headroom';
import { safeCapacity } from '../../../core/capacity/safe-capacity';

const vector = fc.record({ egressBps: fc.nat(1e9), packetsPerSecond: fc.nat(1e6) });

test('headroom counts what is larger, the reserved or the measured, in each dimension', () => {
  expect(
    headroomOf({
      capacity: { egressBps: 100, packetsPerSecond: 100 },
      committed: { egressBps: 60, packetsPerSecond: 10 },
      measured: { egressBps: 20, packetsPerSecond: 80 },
    }),
  ).toEqual({
    headroom: { egressBps: 40, packetsPerSecond: 20 },
    binding: 'packetsPerSecond',
    utilization: 0.8,
  });
});

test('a node that carries more than it can has negative headroom and more than full use', () => {
  const { headroom, utilization, binding } = headroomOf({
    capacity: { egressBps: 100, packetsPerSecond: 100 },
    committed: { egressBps: 0, packetsPerSecond: 0 },
    measured: { egressBps: 150, packetsPerSecond: 1 },
  });
  expect([headroom.egressBps, utilization, binding]).toEqual([-50, 1.5, 'egressBps']);
});

test('a node without capacity is full, not idle', () => {
  const none = { egressBps: 0, packetsPerSecond: 0 };
  expect(headroomOf({ capacity: none, committed: none, measured: none }).utilization).toBe(1);
});

test('what fits leaves no dimension negative, and what does not fit leaves one', () => {
  fc.assert(
    fc.property(vector, vector, (demand, headroom) => {
      const left = subtractVector(headroom, demand);
      expect(fitsInto(demand, headroom)).toBe(Math.min(left.egressBps, left.packetsPerSecond) >= 0);
    }),
  );
});

test('safe capacity is three quarters of sustained egress and 70 % of the workers packets', () => {
  expect(safeCapacity({ sustainedEgressBps: 1.88e9, workers: 4 })).toEqual({
    egressBps: 1.41e9,
    packetsPerSecond: 280_000,
  });
  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => safeCapacity({ sustainedEgressBps: wrong, workers: 1 })).toThrow(RangeError);
    expect(() => safeCapacity({ sustainedEgressBps: 1, workers: wrong })).toThrow(RangeError);
  }
  expect(() => safeCapacity({ sustainedEgressBps: 1, workers: 1, egressFraction: 1.1 })).toThrow(RangeError);
});
