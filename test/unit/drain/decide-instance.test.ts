import { decideInstance, type GroupFacts, type InstanceFacts } from '../../../core/drain/decide-instance';

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
