import { decideInstance, type InstanceFacts } from '../../../core/drain/decide-instance';
import { ownDrainId, type DrainCommand } from '../../../core/drain/drain-command';
import { nextDrainStatus, SERVING_STATUS } from '../../../core/drain/drain-machine';

const MINUTE_MS = 60_000;
const nowMs = 1_800_000_000_000;
const own: DrainCommand = {
  commandId: ownDrainId('i-1'),
  reason: 'scale-in',
  issuedAtMs: nowMs - MINUTE_MS,
  deadlineAtMs: nowMs + 30 * MINUTE_MS,
};
const group = {
  nowMs: nowMs + 3_000,
  storeNowMs: nowMs + 3_000,
  silenceIsProof: true,
  launchTemplateVersion: 8,
  hookGlobalTimeoutMs: 48 * 60 * MINUTE_MS,
  scaleInWindowMs: 30 * MINUTE_MS,
  imageRollWindowMs: 240 * MINUTE_MS,
};

function terminating(drain: DrainCommand): InstanceFacts {
  return {
    instanceId: 'i-1',
    lifecycleState: 'Terminating:Wait',
    launchTemplateVersion: 7,
    node: {
      state: 'DRAINING',
      leaseExpiresAtMs: nowMs + 10_000,
      rooms: 2,
      peers: 9,
      drain: { ...drain, failed: false },
    },
    removedAtMs: undefined,
    command: undefined,
    notice: { kind: 'terminating', atMs: nowMs },
  };
}

describe('a drain that the node began by itself', () => {
  test('does not keep the Lambda from giving it the reason and the window of an image roll', () => {
    const { actions } = decideInstance(terminating(own), group);
    const [first] = actions;
    expect(first).toMatchObject({ kind: 'command', command: { reason: 'image-roll' } });
    const command = first?.kind === 'command' ? first.command : own;
    const begun = nextDrainStatus(SERVING_STATUS, { kind: 'drain', command: own });
    expect(nextDrainStatus(begun, { kind: 'drain', command }).drain).toMatchObject({
      reason: 'image-roll',
      deadlineAtMs: group.nowMs + 240 * MINUTE_MS,
    });
  });

  test('does not replace what the Lambda said a moment before', () => {
    const command: DrainCommand = {
      commandId: 'terminate:i-1',
      reason: 'image-roll',
      issuedAtMs: nowMs - 2_000,
      deadlineAtMs: nowMs + 240 * MINUTE_MS,
    };
    const commanded = nextDrainStatus(SERVING_STATUS, { kind: 'drain', command });
    expect(nextDrainStatus(commanded, { kind: 'drain', command: own })).toEqual(commanded);
  });

  test('a command that Redis lost is still given again as it was', () => {
    const command = { ...own, commandId: 'terminate:i-1' };
    expect(decideInstance(terminating(command), group).actions[0]).toEqual({ kind: 'command', command });
  });
});
