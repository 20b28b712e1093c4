import { layersFor } from '../../../web/demo/layer-choices';
import { actionFor } from '../../../web/demo/shortcuts';
import { sparklinePath } from '../../../web/demo/sparkline-path';
import { splitLinks } from '../../../web/demo/text-links';
import { rememberSpeaker, visibleTiles } from '../../../web/demo/tile-order';
import { layersText, pictureText } from '../../../web/demo/track-words';

describe('links in messages', () => {
  it('are found with the sentence around them kept', () => {
    expect(splitLinks('See https://example.com/a?b=c, then (http://x.example).')).toEqual([
      { text: 'See ' },
      { text: 'https://example.com/a?b=c', href: 'https://example.com/a?b=c' },
      { text: ', then (' },
      { text: 'http://x.example', href: 'http://x.example' },
      { text: ').' },
    ]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://x', 'https://', '<script>alert(1)</script>'])(
    'are not made of %p',
    (text) => {
      expect(splitLinks(text).some((piece) => piece.href !== undefined)).toBe(false);
    },
  );

  it('lose nothing of the message', () => {
    for (const text of ['', 'a', 'https://a.example https://b.example!', '"https://q.example"<b>']) {
      expect(
        splitLinks(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    }
  });
});

describe('keys', () => {
  const plain = { ctrlKey: false, altKey: false, metaKey: false, repeat: false, typing: false };

  it('do what the help says, in either case', () => {
    expect(actionFor({ ...plain, key: 'm' })).toBe('mute');
    expect(actionFor({ ...plain, key: 'V' })).toBe('camera');
    expect(actionFor({ ...plain, key: 'x' })).toBeUndefined();
  });

  it('are left to the browser with a modifier, and to the text while typing', () => {
    expect(actionFor({ ...plain, key: 'c', ctrlKey: true })).toBeUndefined();
    expect(actionFor({ ...plain, key: 'd', typing: true })).toBeUndefined();
    expect(actionFor({ ...plain, key: 'Escape', typing: true })).toBe('close-panel');
  });

  it('act once while they are held down', () => {
    expect(actionFor({ ...plain, key: 'm', repeat: true })).toBeUndefined();
  });
});

describe('tiles when not everybody fits', () => {
  const ids = ['me', 'a', 'b', 'c', 'd', 'e'];

  it('are all shown while there is room', () => {
    expect(visibleTiles({ ids, recentSpeakers: ['e'], limit: 6 })).toEqual(ids);
  });

  it('give the last place to whoever speaks, and leave the others where they are', () => {
    expect(visibleTiles({ ids, recentSpeakers: ['e'], limit: 4 })).toEqual(['me', 'a', 'b', 'e']);
  });

  it('do not drop one recent speaker for another', () => {
    expect(visibleTiles({ ids, recentSpeakers: ['d', 'c'], limit: 4 })).toEqual(['me', 'a', 'd', 'c']);
  });

  it('ignore speakers who left', () => {
    expect(visibleTiles({ ids, recentSpeakers: ['gone'], limit: 3 })).toEqual(['me', 'a', 'b']);
  });

  it('never show anybody twice or more than fit', () => {
    for (let limit = 0; limit <= 6; limit += 1) {
      const shown = visibleTiles({ ids, recentSpeakers: ['e', 'a', 'd', 'c', 'me'], limit });
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown.length).toBe(limit);
    }
  });

  it('remember the latest speakers first, each once', () => {
    expect(rememberSpeaker(['a', 'b', 'c'], 'c', 3)).toEqual(['c', 'a', 'b']);
    expect(rememberSpeaker(['a', 'b', 'c'], 'd', 3)).toEqual(['d', 'a', 'b']);
  });
});

describe('the words about a track', () => {
  it('name the picture and its rate', () => {
    const stats = { kind: 'video', frameWidth: 1280, frameHeight: 720, framesPerSecond: 29.6 } as const;

    expect(pictureText(stats)).toBe('1280 × 720, 30 fps');
    expect(pictureText({ ...stats, frameWidth: undefined })).toBe('none yet');
    expect(pictureText({ ...stats, kind: 'audio' })).toBeUndefined();
  });

  it('name the layers received and the one wanted', () => {
    const stats = {
      kind: 'video',
      source: 'camera',
      direction: 'receive',
      currentLayers: { spatialLayer: 1, temporalLayer: 2 },
      layers: [],
    } as const;

    expect(layersText({ ...stats, layers: [] }, 'High')).toBe('middle, wanted High');
    const slow = { spatialLayer: 1, temporalLayer: 0 };
    expect(layersText({ ...stats, source: 'screen', layers: [], currentLayers: slow }, undefined)).toBe(
      'high · quarter frame rate',
    );
    expect(layersText({ ...stats, layers: [], currentLayers: undefined }, undefined)).toBe('none');
  });

  it('name each layer sent', () => {
    const layer = { frameWidth: undefined, frameHeight: undefined };
    const text = layersText(
      {
        kind: 'video',
        source: 'camera',
        direction: 'send',
        currentLayers: undefined,
        layers: [
          { spatialLayer: 0, active: true, bitrateBps: 150_000, ...layer },
          { spatialLayer: 1, active: false, bitrateBps: 0, ...layer },
        ],
      },
      undefined,
    );

    expect(text?.replaceAll('\u00a0', ' ')).toBe('low 150 kbit/s · middle off');
  });

  it('choose a simulcast layer, or leave it to the SDK', () => {
    expect(layersFor('auto')).toBeUndefined();
    expect(layersFor('mid')?.spatialLayer).toBe(1);
  });
});

describe('the line of bitrates', () => {
  it('ends at the right edge and stays in its box', () => {
    const path = sparklinePath([0, 5, 10], 40);

    expect(path).toMatch(/^M[\d.]+ 26\.0 L[\d.]+ 14\.0 L100\.0 2\.0$/u);
  });

  it('is empty without two values', () => {
    expect(sparklinePath([1], 40)).toBe('');
  });
});
