import { sendSettings } from '../../../web/sdk/media/encodings';
import { IceKeeper } from '../../../web/sdk/media/ice-keeper';
import { trackAppData, trackLabel } from '../../../web/sdk/media/track-app-data';
import { speakingLevels } from '../../../web/sdk/speaking/speaking-levels';
import { bitrateBps, lossRatio } from '../../../web/sdk/stats/rates';
import { peerDescription } from '../../../web/sdk/subscribe/peer-description';
import { ManualClock } from '../../helpers/manual-clock';

describe('sendSettings', () => {
  it('sends a camera in three layers, the lowest first', () => {
    const { encodings, codecOptions } = sendSettings({ kind: 'video', source: 'camera', simulcast: true });
    expect(encodings).toEqual([
      { maxBitrate: 200_000, scaleResolutionDownBy: 4 },
      { maxBitrate: 700_000, scaleResolutionDownBy: 2 },
      { maxBitrate: 2_500_000, scaleResolutionDownBy: 1 },
    ]);
    expect(codecOptions.videoGoogleStartBitrate).toBe(1_000);
  });

  it('sends a screen in two, and scales all layers with the top one', () => {
    const { encodings } = sendSettings({
      kind: 'video',
      source: 'screen',
      simulcast: true,
      maxBitrateBps: 5_000_000,
    });
    expect(encodings).toEqual([
      { maxBitrate: 1_000_000, scaleResolutionDownBy: 2 },
      { maxBitrate: 5_000_000, scaleResolutionDownBy: 1 },
    ]);
  });

  it('sends one layer without simulcast, and none of it for sound', () => {
    expect(sendSettings({ kind: 'video', source: 'camera', simulcast: false }).encodings).toEqual([
      { maxBitrate: 2_500_000, scaleResolutionDownBy: 1 },
    ]);
    expect(sendSettings({ kind: 'audio', source: 'microphone', simulcast: true }).encodings).toEqual([]);
  });
});

describe("a track's label", () => {
  it('comes back as it was given', () => {
    for (const label of [
      { source: 'camera', name: undefined },
      { source: 'screen', name: undefined },
      { source: 'custom', name: 'whiteboard' },
    ] as const) {
      expect(trackLabel(trackAppData(label, 'video'), 'video')).toEqual(label);
    }
  });

  it("is told from either generation of mediasoup-demo's clients", () => {
    expect(trackLabel({ source: 'audio' }, 'audio').source).toBe('microphone');
    expect(trackLabel({ source: 'video' }, 'video').source).toBe('camera');
    expect(trackLabel({ source: 'screensharing' }, 'video').source).toBe('screen');
    expect(trackLabel({ share: true }, 'video').source).toBe('screen');
    expect(trackLabel(undefined, 'video').source).toBe('camera');
    expect(trackLabel({ trackSource: 7, name: {} }, 'audio')).toEqual({
      source: 'microphone',
      name: undefined,
    });
  });
});

describe('peerDescription', () => {
  it('takes a peer of either generation, and refuses what is none', () => {
    const device = { flag: 'chrome', name: 'Chrome', version: '1' };
    const expected = { peerId: 'a', displayName: 'Ada', device };
    expect(peerDescription({ peerId: 'a', displayName: 'Ada', device })).toEqual(expected);
    expect(peerDescription({ id: 'a', displayName: 'Ada', device })).toEqual(expected);
    expect(peerDescription({ peerId: 'a' })?.displayName).toBe('a');
    expect(peerDescription({ displayName: 'Ada' })).toBeUndefined();
    expect(peerDescription('a')).toBeUndefined();
  });
});

describe('speakingLevels', () => {
  it('gives the loudest of each peer, loudest peer first, and no silence', () => {
    expect(
      speakingLevels([
        { peerId: 'a', level: 0.2 },
        { peerId: 'b', level: 0.5 },
        { peerId: 'a', level: 0.3 },
        { peerId: 'c', level: 0.001 },
      ]),
    ).toEqual([
      { peerId: 'b', level: 0.5 },
      { peerId: 'a', level: 0.3 },
    ]);
  });
});

describe('rates', () => {
  const at = (timestampMs: number, bytes: number, packets = 0, packetsLost = 0) => ({
    timestampMs,
    bytes,
    packets,
    packetsLost,
  });

  it('gives bits per second between two readings', () => {
    expect(bitrateBps(at(3_000, 251_000), at(1_000, 1_000))).toBe(1_000_000);
  });

  it('gives none without an earlier reading, at the same moment, or when counters began anew', () => {
    expect(bitrateBps(at(3_000, 1), undefined)).toBe(0);
    expect(bitrateBps(at(3_000, 10), at(3_000, 1))).toBe(0);
    expect(bitrateBps(at(3_000, 1), at(2_000, 10))).toBe(0);
  });

  it('gives the share of packets that were lost, and takes late ones for none', () => {
    expect(lossRatio(at(2, 0, 190, 10), at(1, 0, 100, 0))).toBe(0.1);
    expect(lossRatio(at(2, 0, 190, 5), at(1, 0, 100, 10))).toBe(0);
    expect(lossRatio(at(2, 0), undefined)).toBe(0);
  });
});

describe('IceKeeper', () => {
  function setUp(restart: () => Promise<void> = async () => undefined) {
    const clock = new ManualClock();
    const log: string[] = [];
    const keeper = new IceKeeper({
      clock,
      restart: () => {
        log.push('restart');
        return restart();
      },
      onLost: () => log.push('lost'),
    });
    return { clock, log, keeper };
  }

  it('waits whether a disconnected transport heals', async () => {
    const { clock, log, keeper } = setUp();
    keeper.update('disconnected');
    await clock.advance(1_999);
    keeper.update('connected');
    await clock.advance(60_000);
    expect(log).toEqual([]);
  });

  it('restarts one that stays disconnected, and a failed one at once', async () => {
    const { clock, log, keeper } = setUp();
    keeper.update('disconnected');
    await clock.advance(2_000);
    expect(log).toEqual(['restart']);
    keeper.update('connected');
    keeper.update('failed');
    expect(log).toEqual(['restart', 'restart']);
  });

  it('calls it lost after three restarts in vain, once', async () => {
    const { clock, log, keeper } = setUp(() => Promise.reject(new Error('no answer')));
    keeper.update('failed');
    await clock.advance(60_000);
    expect(log).toEqual(['restart', 'restart', 'restart', 'lost']);
    expect(clock.waiting).toBe(0);
  });

  it('does nothing once closed', async () => {
    const { clock, log, keeper } = setUp();
    keeper.update('disconnected');
    keeper.close();
    keeper.checkNow();
    await clock.advance(60_000);
    expect(log).toEqual([]);
  });
});
