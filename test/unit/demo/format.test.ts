import {
  badgeText,
  bitrateText,
  hueOf,
  initials,
  millisecondsText,
  percentText,
  secondsLeft,
} from '../../../web/demo/format';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['ada', 'A'],
    ['Johann Sebastian Bach', 'JB'],
    ['李 小龍', '李小'],
    ['😀 Smile', '😀S'],
    ['   ', '?'],
  ])('of %p are %p', (name, expected) => {
    expect(initials(name)).toBe(expected);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0 kbit/s'],
    [812_300, '812 kbit/s'],
    [2_449_000, '2.4 Mbit/s'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('a bitrate of %p is %p', (bps, expected) => {
    expect(bitrateText(bps)).toBe(expected);
  });

  it.each([
    [0, '0 %'],
    [0.004, '0.4 %'],
    [0.25, '25 %'],
    [undefined, '–'],
  ])('a share of %p is %p', (share, expected) => {
    expect(percentText(share)).toBe(expected);
  });

  it.each([
    [0, '< 1 ms'],
    [12.4, '12 ms'],
    [undefined, '–'],
  ])('a time of %p is %p', (ms, expected) => {
    expect(millisecondsText(ms)).toBe(expected);
  });

  it('over 99 do not widen a badge', () => {
    expect(badgeText(7)).toBe('7');
    expect(badgeText(100)).toBe('99+');
  });

  it('of seconds left round up and never go below zero', () => {
    expect(secondsLeft(5_000, 4_001)).toBe(1);
    expect(secondsLeft(5_000, 9_000)).toBe(0);
  });
});

describe('the colour of a person', () => {
  it('stays the same, and is a hue', () => {
    expect(hueOf('peer-1')).toBe(hueOf('peer-1'));
    for (const id of ['', 'a', 'peer-1', '😀']) {
      expect(hueOf(id)).toBeGreaterThanOrEqual(0);
      expect(hueOf(id)).toBeLessThan(360);
    }
  });
});
