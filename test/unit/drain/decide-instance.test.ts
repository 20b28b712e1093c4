import {
  decideInstance,
  type GroupFacts,
  type InstanceFacts,
  type NodeFacts,
} from '../../../core/drain/decide-instance';

const HOUR_MS = 3_600_000;
/** Redis' clock and the wall clock are an hour apart here. */
const storeNowMs = 1_800_000_000_000;
const nowMs = storeNowMs + HOUR_MS;

const group: GroupFacts = {
  nowMs,
  storeNowMs,
  silenceIsProof: true,
  launchTemplateVersion: 8,
  hookGlobalTimeoutMs: 48 * HOUR_MS,
  scaleInWindowMs: HOUR_MS / 2,
  imageRollWindowMs: 4 * HOUR_MS,
};

const terminating = (leaseExpiresAtMs: number, more: Partial<InstanceFacts> = {}): InstanceFacts => ({
  instanceId: 'i-1',
  lifecycleState: 'Terminating:Wait',
  launchTemplateVersion: 8,
  node: { state: 'SERVING', leaseExpiresAtMs, rooms: 1, peers: 4, drain: undefined },
  removedAtMs: undefined,
  command: undefined,
  notice: undefined,
  ...more,
});

test("a command's deadline is on the wall clock, which its node goes by", () => {
  expect(decideInstance(terminating(storeNowMs + 3_000), group)).toMatchObject({
    because: 'draining',
    actions: [
      { kind: 'command', command: { issuedAtMs: nowMs, deadlineAtMs: nowMs + HOUR_MS / 2 } },
      { kind: 'heartbeat' },
    ],
  });
});

test("a lease, and a removal, are on Redis' clock", () => {
  expect(decideInstance(terminating(storeNowMs - 16_000), group)).toMatchObject({
    because: 'its lease is gone for long',
    actions: [{ kind: 'complete', result: 'CONTINUE' }],
  });
  const removed = { node: undefined, removedAtMs: storeNowMs - 3_000 };
  expect(decideInstance(terminating(0, removed), group)).toMatchObject({
    because: 'its node is silent, which proves nothing yet',
  });
});

describe('an instance whose node is empty', () => {
  const command = {
    commandId: 'terminate:i-1',
    reason: 'scale-in' as const,
    issuedAtMs: nowMs - 1_000,
    deadlineAtMs: nowMs + HOUR_MS,
  };
  const empty = { state: 'DRAINED' as const, leaseExpiresAtMs: storeNowMs + 3_000, rooms: 0, peers: 0 };
  const decide = (node: Partial<NodeFacts>, facts: Partial<GroupFacts> = {}, more = command) =>
    decideInstance(terminating(0, { command: more, node: { ...empty, drain: undefined, ...node } }), {
      ...group,
      ...facts,
    });

  test('ends, but not while somebody is on the way to it', () => {
    expect(decide({}).actions).toEqual([{ kind: 'complete', result: 'CONTINUE' }]);
    expect(decide({ peers: 1 }).actions).toEqual([{ kind: 'heartbeat' }]);
  });

  test('does not end while placement may have forgotten who is on the way, also past the deadline', () => {
    const late = { ...command, deadlineAtMs: nowMs - 61_000 };
    for (const [state, told] of [
      ['DRAINED', command],
      ['DRAINING', late],
    ] as const) {
      expect(decide({ state }, { silenceIsProof: false }, told).actions).toEqual([{ kind: 'heartbeat' }]);
    }
    expect(decide({ state: 'DRAINING' }, {}, late).actions).toEqual([
      { kind: 'complete', result: 'CONTINUE' },
    ]);
  });
});

test('a retained instance whose node lives is commanded anew when Redis has lost the command', () => {
  const retained = terminating(storeNowMs + 3_000, { lifecycleState: 'Terminating:Retained' });
  const { actions } = decideInstance(retained, group);
  expect(actions).toMatchObject([{ kind: 'command', command: { commandId: 'terminate:i-1' } }]);
  const [action] = actions;
  const command = action?.kind === 'command' ? action.command : undefined;
  expect(decideInstance({ ...retained, command }, group).actions).toEqual([]);
});

test('a deadline passes on the wall clock alone', () => {
  const command = {
    commandId: 'terminate:i-1',
    reason: 'scale-in' as const,
    issuedAtMs: storeNowMs,
    deadlineAtMs: nowMs - 61_000,
  };
  expect(decideInstance(terminating(storeNowMs + 3_000, { command }), group)).toMatchObject({
    actions: [{ kind: 'complete', result: 'ABANDON' }],
  });
});
