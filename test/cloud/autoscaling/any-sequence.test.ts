import fc from 'fast-check';
import type { LifecycleState } from '../../../local/cloud/autoscaling/group-instance';
import { AutoScalingLab, FUNCTION_ARN, instancesOf, LAUNCH_HOOK, TERMINATE_HOOK } from './auto-scaling-lab';

type Step =
  | { do: 'desired'; to: number }
  | { do: 'limits'; min: number; max: number }
  | { do: 'alarm'; value: number }
  | {
      do: 'complete' | 'abandon' | 'fail' | 'unhealthy' | 'terminate' | 'protect' | 'unprotect';
      index: number;
    }
  | { do: 'suspend' | 'resume'; process: 'Launch' | 'Terminate' | 'AZRebalance' | 'ReplaceUnhealthy' }
  | { do: 'pass'; seconds: number }
  | { do: 'refresh' };

const index = fc.nat({ max: 11 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('desired' as const), to: fc.nat({ max: 6 }) }),
  fc
    .tuple(fc.nat({ max: 3 }), fc.nat({ max: 4 }))
    .map(([min, more]) => ({ do: 'limits' as const, min, max: min + more })),
  fc.record({ do: fc.constant('alarm' as const), value: fc.double({ min: 0, max: 1.5, noNaN: true }) }),
  fc.record({
    do: fc.constantFrom('complete', 'abandon', 'fail', 'unhealthy', 'terminate', 'protect', 'unprotect'),
    index,
  }),
  fc.record({
    do: fc.constantFrom('suspend', 'resume'),
    process: fc.constantFrom('Launch', 'Terminate', 'AZRebalance', 'ReplaceUnhealthy'),
  }),
  fc.record({ do: fc.constant('pass' as const), seconds: fc.nat({ max: 200 }) }),
  fc.constant({ do: 'refresh' as const }),
);

/** Which state may follow which. Source: user guide, "Amazon EC2 Auto Scaling instance lifecycle". */
const FOLLOWS: Partial<Record<LifecycleState | 'none', readonly LifecycleState[]>> = {
  none: ['Pending'],
  Pending: ['Pending:Wait', 'InService', 'Terminating'],
  'Pending:Wait': ['Pending:Proceed', 'Terminating'],
  'Pending:Proceed': ['InService', 'Terminating'],
  InService: ['Terminating'],
  Terminating: ['Terminating:Wait', 'Terminating:Proceed'],
  'Terminating:Wait': ['Terminating:Proceed', 'Terminating:Retained'],
  'Terminating:Retained': ['Terminating:Proceed'],
  'Terminating:Proceed': ['Terminated'],
};

async function apply(lab: AutoScalingLab, step: Step): Promise<void> {
  const group = lab.model.group('nodes');
  const { state } = group;
  const all = instancesOf(group);
  const instance = 'index' in step ? all[step.index % Math.max(1, all.length)] : undefined;
  const limited = (to: number) => Math.min(state.settings.maxSize, Math.max(state.settings.minSize, to));
  switch (step.do) {
    case 'desired':
      state.setDesired(limited(step.to), 'a test');
      break;
    case 'limits':
      state.settings = { ...state.settings, minSize: step.min, maxSize: step.max };
      state.setDesired(limited(state.desired), 'a test');
      break;
    case 'alarm':
      for (const policy of group.policies.values()) lab.alarm(policy, step.value);
      break;
    case 'complete':
    case 'abandon':
      instance?.actions[0]?.complete(step.do === 'complete' ? 'CONTINUE' : 'ABANDON');
      break;
    case 'fail':
      if (instance) lab.machines.get(instance.instanceId).fail();
      break;
    case 'unhealthy':
      if (instance) instance.isHealthy = false;
      break;
    case 'terminate':
      if (instance && !instance.isTerminating)
        group.terminateInstance(instance, state.desired > state.settings.minSize);
      break;
    case 'protect':
    case 'unprotect':
      if (instance) instance.isProtectedFromScaleIn = step.do === 'protect';
      break;
    case 'suspend':
      state.suspended.add(step.process);
      break;
    case 'resume':
      state.suspended.delete(step.process);
      break;
    case 'pass':
      await lab.clock.advance(step.seconds * 1_000);
      break;
    case 'refresh':
      if (!group.activeRefresh) group.startRefresh({ preferences: REFRESH, desiredConfiguration: undefined });
      break;
  }
  group.reconcile();
  await lab.clock.advance(0);
}

const REFRESH = {
  minHealthyPercentage: 100,
  maxHealthyPercentage: 200,
  instanceWarmupSeconds: 10,
  skipMatching: false,
  bakeTimeSeconds: 0,
  alarms: [],
  scaleInProtectedInstances: 'Refresh' as const,
  autoRollback: false,
};

test.each([
  ['the default termination policy', ['Default']],
  ['a termination function', [FUNCTION_ARN, 'Default']],
])(
  'with %s, whatever happens: no more than allowed, no impossible state, and as many as desired once nothing blocks',
  async (_, terminationPolicies) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const lab = new AutoScalingLab();
        const group = lab.createGroup({
          hooks: [LAUNCH_HOOK, TERMINATE_HOOK],
          terminateHookAbandon: 'retain',
          minSize: 1,
          maxSize: 5,
          terminationPolicies,
        });
        lab.putPolicy();
        lab.putPolicy({ name: 'in', steps: [{ lowerBound: undefined, upperBound: 0, adjustment: -1 }] });
        const { state } = group;
        for (const next of steps) {
          const before = state.members().length;
          await apply(lab, next);
          expect(state.desired).toBeGreaterThanOrEqual(state.settings.minSize);
          expect(state.desired).toBeLessThanOrEqual(state.settings.maxSize);
          // A refresh may double the group, and zone balancing add one; what is there already may be too much for a
          // maximum that has just been lowered.
          const most = group.activeRefresh ? 2 * state.settings.maxSize : state.settings.maxSize + 1;
          expect(state.members().length).toBeLessThanOrEqual(Math.max(most, before));
        }
        expect(stateChanges(lab)).toEqual([]);

        state.suspended.clear();
        group.activeRefresh?.cancel();
        for (const instance of instancesOf(group)) instance.isProtectedFromScaleIn = false;
        group.reconcile();
        for (let round = 0; round < 40; round += 1) {
          await lab.clock.advance(30_000);
          for (const { actions } of instancesOf(group)) actions[0]?.complete('CONTINUE');
        }
        await lab.clock.advance(0);
        expect(state.inService()).toHaveLength(state.desired);
        expect(state.members()).toHaveLength(state.desired);
        // Whoever serves is registered, and nobody else is.
        expect([...lab.registered].sort()).toEqual(
          state
            .inService()
            .map(({ instanceId }) => `gateways ${instanceId}`)
            .sort(),
        );
        expect(lab.journal.entries().filter(({ kind }) => kind === 'activity').length).toBeGreaterThan(0);
        lab.model.close();
      }),
      { numRuns: 60 },
    );
  },
);

/** Changes of state that are none of the lifecycle's, or do not begin where the instance was. */
function stateChanges(lab: AutoScalingLab): string[] {
  const now = new Map<string, string>();
  return lab.journal.entries().flatMap((entry) => {
    if (entry.kind !== 'instance-state') return [];
    const from = now.get(entry.instanceId);
    now.set(entry.instanceId, entry.to);
    const allowed = FOLLOWS[(from ?? 'none') as LifecycleState] ?? [];
    const isRight = entry.from === from && allowed.includes(entry.to as LifecycleState);
    return isRight ? [] : [`${entry.instanceId}: ${from} -> ${entry.from} -> ${entry.to}`];
  });
}
