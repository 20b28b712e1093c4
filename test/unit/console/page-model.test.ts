import type { ConsoleEvent, ConsoleState } from '../../../core/protocol/console';
import { EMPTY_MODEL, reduce } from '../../../web/console/page-model';
import { FakeConsoleSource } from '../../helpers/fake-console-source';
import { ManualClock } from '../../helpers/manual-clock';

const stateOf = async (): Promise<ConsoleState> => {
  const source = new FakeConsoleSource({ clock: new ManualClock() });
  const state = await source.state();
  source.close();
  return state;
};

const event = (sequence: number): ConsoleEvent => ({
  ...{ sequence, atMs: sequence, kind: 'test', tone: 'neutral', text: `event ${sequence}` },
});

test('states become a line without steps back, also after a reconnect with its own history', async () => {
  const state = await stateOf();
  const at = (nowMs: number) => ({ kind: 'state', state: { ...state, nowMs } }) as const;
  const samples = [1, 2, 3].map((atMs) => ({ atMs, utilization: 0.1 }));

  let model = reduce(EMPTY_MODEL, { kind: 'history', samples });
  for (const nowMs of [3, 4, 4, 5]) model = reduce(model, at(nowMs));
  expect(model.samples.map(({ atMs }) => atMs)).toEqual([1, 2, 3, 4, 5]);
  const missed = [2, 3, 4, 5, 6, 7].map((atMs) => ({ atMs, utilization: 0.2 }));
  model = reduce(model, { kind: 'history', samples: missed });
  expect(model.samples.map(({ atMs }) => atMs)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('it keeps the newest only', async () => {
  const state = await stateOf();
  let model = EMPTY_MODEL;
  for (let nowMs = 1; nowMs <= 700; nowMs += 1)
    model = reduce(model, { kind: 'state', state: { ...state, nowMs } });
  model = reduce(model, {
    kind: 'entries',
    entries: Array.from({ length: 1_000 }, (_, index) => event(index + 1)),
  });

  expect(model.samples).toHaveLength(600);
  expect(model.entries).toHaveLength(300);
  expect(model.entries[0]).toEqual(event(1_000));
});

test('events that come again are shown once, newest first', () => {
  let model = reduce(EMPTY_MODEL, { kind: 'entries', entries: [event(1), event(2)] });
  model = reduce(model, { kind: 'entries', entries: [event(2), event(3)] });

  expect(model.entries.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
});

test('a drain is watched from its begin; peers that come begin its pace anew; its end forgets it', async () => {
  const state = await stateOf();
  const [first] = state.nodes;
  if (!first) throw new Error('no node');
  const draining = (nowMs: number, remainingPeers: number): ConsoleState => ({
    ...state,
    nowMs,
    nodes: [
      {
        ...first,
        state: 'DRAINING',
        drain: { reason: 'operator', deadlineAtMs: 1e6, remainingRooms: 1, remainingPeers, failed: false },
      },
    ],
  });

  let model = reduce(EMPTY_MODEL, { kind: 'state', state: draining(1_000, 20) });
  model = reduce(model, { kind: 'state', state: draining(2_000, 15) });
  expect(model.drains.get(first.nodeId)).toEqual({ atMs: 1_000, peers: 20 });
  model = reduce(model, { kind: 'state', state: draining(3_000, 30) });
  expect(model.drains.get(first.nodeId)).toEqual({ atMs: 3_000, peers: 30 });
  model = reduce(model, { kind: 'state', state });
  expect(model.drains.size).toBe(0);
});
