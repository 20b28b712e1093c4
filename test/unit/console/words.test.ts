import type { ConsoleNode } from '../../../core/protocol/console';
import { etaAtThisPace } from '../../../web/console/drain-pace';
import {
  bitrateOfText,
  bitrateText,
  byName,
  countText,
  durationText,
  lifecycleText,
  numberText,
  percentText,
} from '../../../web/console/format';
import { alarmTimes } from '../../../web/console/panels/alarm-times';
import { pipeText } from '../../../web/console/panels/pipe-words';
import { drainProgress, drainWords, nodeBadge, nodeFacts } from '../../../web/console/panels/node-words';

const node = (part: Partial<ConsoleNode> = {}): ConsoleNode => ({
  ...{ nodeId: 'node-1', state: 'SERVING', alive: true, ready: true, release: '1.2.3' },
  ...{ egressBps: 0, committedEgressBps: 0, safeEgressBps: 1 },
  ...{ packetsPerSecond: 0, committedPacketsPerSecond: 0, safePacketsPerSecond: 1 },
  ...{ rooms: 0, peers: 0 },
  ...part,
});

describe('figures in words', () => {
  test.each([
    [0, '0 kbit/s'],
    [812_400, '812 kbit/s'],
    [64_210_000, '64.2 Mbit/s'],
    [750e6, '750 Mbit/s'],
    [2_250e6, '2.25 Gbit/s'],
  ])('%d bit/s is %s', (bps, words) => expect(bitrateText(bps)).toBe(words));

  test.each([
    [632e6, 750e6, '632 of 750 Mbit/s'],
    [0, 2.25e9, '0 of 2.25 Gbit/s'],
    [606e6, 2.25e9, '0.61 of 2.25 Gbit/s'],
    [1.5e6, 20e6, '1.5 of 20.0 Mbit/s'],
  ])('%d of %d is %s', (bps, ofBps, words) => expect(bitrateOfText(bps, ofBps)).toBe(words));

  test.each([
    [0, '0 %'],
    [0.0001, '< 1 %'],
    [0.654, '65 %'],
    [1.2, '120 %'],
  ])('%d is %s', (share, words) => expect(percentText(share)).toBe(words));

  test.each([
    [-5, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [3 * 86_400_000, '3 d'],
  ])('%d ms are %s', (ms, words) => expect(durationText(ms)).toBe(words));

  test.each([
    [0.42, '0.42'],
    [17.26, '17.3'],
    [900, '900'],
    [30_000, '30 k'],
    [-2.5e6, '-2.5 M'],
    [1.25e9, '1.25 G'],
  ])('%d is %s', (value, words) => expect(numberText(value)).toBe(words));

  test('one is not many, and names sort as people count', () => {
    expect([countText(1, 'room'), countText(0, 'room')]).toEqual(['1 room', '0 rooms']);
    expect(['node-10', 'node-2'].sort(byName)).toEqual(['node-2', 'node-10']);
    expect(['InService', 'Terminating:Wait', 'WaitingForInstanceWarmup'].map(lifecycleText)).toEqual([
      'in service',
      'terminating, waits',
      'waiting for instance warmup',
    ]);
  });
});

describe('a node in words', () => {
  const instance = {
    instanceId: 'i-1',
    lifecycleState: 'Pending',
    type: 'c7gn.large',
    zone: 'eu-central-1a',
    market: 'spot',
  } as const;

  test.each<[Partial<ConsoleNode>, string]>([
    [{}, 'serving'],
    [{ ready: false }, 'not ready'],
    [{ alive: false }, 'silent'],
    [{ state: 'CORDONED' }, 'cordoned'],
    [{ state: 'DRAINING' }, 'draining'],
    [{ state: 'DRAINED' }, 'drained'],
    [{ state: undefined, alive: false, instance }, 'boots'],
    [{ state: undefined, instance: { ...instance, lifecycleState: 'Terminating:Wait' } }, 'gone'],
  ])('%j is %s', (part, words) => expect(nodeBadge(node(part)).text).toBe(words));

  test('its facts name the instance where there is one, else the release', () => {
    expect(nodeFacts(node({ sinceMs: 0 }), 120_000)).toBe('release 1.2.3 · for 2 min');
    expect(nodeFacts(node({ instance }), 0)).toBe('eu-central-1a · c7gn.large spot · pending · i-1');
    expect(
      nodeFacts(node({ instance: { ...instance, lifecycleState: 'InService' }, nodeId: 'i-1' }), 0),
    ).toBe('eu-central-1a · c7gn.large spot');
  });

  const drain = {
    reason: 'scale-in',
    deadlineAtMs: 1_800_000,
    remainingRooms: 1,
    remainingPeers: 10,
    failed: false,
  } as const;

  test('a drain says what is left, when it will be done, and its deadline', () => {
    const draining = node({ state: 'DRAINING', drain });

    expect(drainWords(draining, { atMs: 0, peers: 10 }, 60_000)).toBe(
      'Drains for scale-in · 1 room and 10 peers left · waits for rooms to end · deadline in 29 min',
    );
    expect(drainWords(draining, { atMs: 0, peers: 40 }, 60_000)).toContain('empty in about 20 s');
    expect(drainWords(node({ drain: { ...drain, etaMs: 300_000 } }), undefined, 0)).toContain('about 5 min');
    expect(drainWords(draining, undefined, 1_900_000)).toContain('the deadline has passed');
    expect(
      drainWords(node({ drain: { ...drain, remainingRooms: 0, remainingPeers: 0 } }), undefined, 0),
    ).toBe('Drains for scale-in · empty');
    expect(drainWords(node(), undefined, 0)).toBeUndefined();
    expect(drainWords(node({ state: 'CORDONED', cordonReason: 'kernel' }), undefined, 0)).toBe(
      'Cordoned: kernel',
    );
  });

  test('its progress is what has left of what was there', () => {
    expect(drainProgress(node({ drain }), { atMs: 0, peers: 40 })).toBe(0.75);
    expect(drainProgress(node({ drain }), undefined)).toBe(0);
    expect(drainProgress(node({ drain: { ...drain, remainingPeers: 0 } }), undefined)).toBe(1);
  });

  test('no pace is read from too little', () => {
    expect(etaAtThisPace({ atMs: 0, peers: 10 }, 4_000, 5)).toBeUndefined();
    expect(etaAtThisPace({ atMs: 0, peers: 10 }, 60_000, 10)).toBeUndefined();
    expect(etaAtThisPace({ atMs: 0, peers: 10 }, 60_000, 5)).toBe(60_000);
    expect(etaAtThisPace({ atMs: 0, peers: 10 }, 1_000, 0)).toBe(0);
  });
});

test('the times of an alarm are read from its changes', () => {
  const history = [
    { atMs: 400, state: 'ALARM' },
    { atMs: 300, state: 'OK' },
    { atMs: 200, state: 'ALARM' },
    { atMs: 100, state: 'INSUFFICIENT_DATA' },
  ] as const;

  expect(alarmTimes({ history: [...history], state: 'ALARM', sinceMs: 400 }, 500)).toEqual([
    { fromMs: 400, toMs: 500 },
    { fromMs: 200, toMs: 300 },
  ]);
  expect(alarmTimes({ history: [], state: 'OK', sinceMs: 0 }, 500)).toEqual([]);
});

test('a pipe says what is known of it', () => {
  const pipe = { from: 'node-1', to: 'node-2 worker 0', streams: 4, layers: 5 };
  expect(pipeText({ ...pipe, bitrateBps: 2.1e6, rttMs: 33.6, lossRatio: 0.004 })).toBe(
    'node-1 → node-2 worker 0: 4 streams, 5 layers, 2.1 Mbit/s, 34 ms, < 1 % lost',
  );
  expect(pipeText({ ...pipe, streams: 1, layers: 0 })).toBe('node-1 → node-2 worker 0: 1 stream');
});
