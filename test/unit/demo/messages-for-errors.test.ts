import { ERRORS } from '../../../core/errors';
import {
  CODES_NO_CLIENT_SEES,
  deviceErrorCode,
  WORDS_BY_CODE,
  wordsForCode,
  wordsForDevice,
} from '../../../web/demo/messages-for-errors';

describe('words for errors', () => {
  it('cover every code of the registry that a browser can be sent', () => {
    const seen = Object.keys(ERRORS).filter((code) => !CODES_NO_CLIENT_SEES.includes(code));

    expect(Object.keys(WORDS_BY_CODE).sort()).toEqual(seen.sort());
  });

  it('name only codes that exist as never seen', () => {
    for (const code of CODES_NO_CLIENT_SEES) expect(Object.keys(ERRORS)).toContain(code);
  });

  it('let the page try again by itself only where the registry says that it may help', () => {
    for (const [code, { retriable }] of Object.entries(ERRORS)) {
      if (CODES_NO_CLIENT_SEES.includes(code)) continue;
      expect([code, wordsForCode(code).remedy === 'retry-countdown']).toEqual([code, retriable]);
    }
  });

  it('are sentences for people, without codes', () => {
    for (const words of Object.values(WORDS_BY_CODE)) {
      expect(words.title.length).toBeGreaterThan(5);
      expect(words.text).toMatch(/[.!]$/u);
      expect(`${words.title} ${words.text}`).not.toMatch(/FLEET_ERR|undefined/u);
    }
  });

  it('say that the fleet is full when there is no capacity', () => {
    expect(wordsForCode('FLEET_ERR_NO_CAPACITY').title).toBe('The fleet is full right now');
  });

  it('repeat what the server said for a code of a newer server', () => {
    const words = wordsForCode('FLEET_ERR_FROM_TOMORROW', 'the moon is in the way');

    expect(words.text).toContain('the moon is in the way');
    expect(words.remedy).toBe('retry');
  });

  it('do not take a property of every object for a code', () => {
    expect(wordsForCode('constructor').title).toBe('That didn’t work');
    expect(wordsForCode('toString').remedy).toBe('retry');
  });
});

describe('words for devices', () => {
  it.each([
    ['NotAllowedError', /permission/u],
    ['NotFoundError', /No camera found/u],
    ['NotReadableError', /in use by another program/u],
    ['OverconstrainedError', /no longer connected/u],
  ])('say what a browser means by %s', (errorName, expected) => {
    expect(wordsForDevice('camera', deviceErrorCode('camera', errorName))).toMatch(expected);
  });

  it('tell a missing microphone from a missing camera', () => {
    expect(wordsForDevice('microphone', deviceErrorCode('microphone', 'NotFoundError'))).toBe(
      'No microphone found.',
    );
  });

  it('explain a token that does not allow a screen', () => {
    expect(wordsForDevice('screen', 'FLEET_ERR_FORBIDDEN')).toContain('invitation');
  });
});
