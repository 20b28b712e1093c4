import { explore, type Exploration } from './explore';
import { drainModel, PRODUCTION_RULES, type DrainBounds, type DrainRules } from './drain-model';

const QUIET: DrainBounds = {
  ticks: 1,
  joins: 1,
  duplicates: 0,
  crashes: 0,
  cuts: 0,
  wipes: 0,
  losses: 0,
  operatorDrains: 0,
  uncordons: 0,
  spots: 0,
  ownDrains: 0,
};

const check = (bounds: Partial<DrainBounds>, rules?: DrainRules): Promise<Exploration> =>
  explore(drainModel({ ...QUIET, ...bounds }, rules), { maxStates: 3_000_000 });

/** So that a model in which nothing happens any more doesn't pass. */
async function expectNoCounterexample(bounds: Partial<DrainBounds>, fewestStates: number): Promise<void> {
  const { counterexample, states } = await check(bounds);
  expect(counterexample).toBeUndefined();
  expect(states).toBeGreaterThan(fewestStates);
}

describe('every drain ends, none is lost, and nobody is cut off', () => {
  test('while peers come and rooms end', () => expectNoCounterexample({ joins: 2, ticks: 4 }, 1_000));

  test('while commands come late, twice, and in any order', () =>
    expectNoCounterexample(
      { joins: 0, duplicates: 1, operatorDrains: 1, uncordons: 1, ownDrains: 1 },
      5_000,
    ));

  test('while a spot notice and other commands cross each other', () =>
    expectNoCounterexample({ joins: 0, spots: 2, operatorDrains: 1, ticks: 1 }, 5_000));

  test('while the process dies, and Redis forgets everything', () =>
    expectNoCounterexample({ crashes: 1, wipes: 1, ticks: 2 }, 5_000));

  test('while the node is cut off from Redis', () => expectNoCounterexample({ cuts: 1, ticks: 4 }, 2_000));

  test('while Redis loses its last writes', () => expectNoCounterexample({ losses: 1, joins: 2 }, 2_000));
});

describe('the check finds', () => {
  const { nextDrainStatus, decideInstance } = PRODUCTION_RULES;

  test.each<[string, Partial<DrainBounds>, Partial<DrainRules>]>([
    [
      'commands whose ids are ignored',
      { joins: 0, duplicates: 1, operatorDrains: 1, uncordons: 1 },
      {
        nextDrainStatus: (status, input) =>
          nextDrainStatus(input.kind === 'drain' ? { ...status, newest: undefined } : status, input),
      },
    ],
    [
      'a command that binds but counts as outdated',
      { joins: 0, operatorDrains: 1 },
      {
        nextDrainStatus: (status, input) =>
          input.kind === 'drain' && status.newest && status.newest.issuedAtMs > input.command.issuedAtMs
            ? status
            : nextDrainStatus(status, input),
      },
    ],
    [
      'a node that is drained with peers on their way to it',
      { joins: 2 },
      {
        nextDrainStatus: (status, input) =>
          nextDrainStatus(
            status,
            input.kind === 'placementAnswered' ? { ...input, pendingClaims: 0, reportedRooms: 0 } : input,
          ),
      },
    ],
    [
      'a caretaker that takes a lapsed lease for a dead node whatever Redis has forgotten',
      { wipes: 1, ticks: 0 },
      { decideInstance: (instance, group) => decideInstance(instance, { ...group, silenceIsProof: true }) },
    ],
    [
      'a caretaker that does not repeat what Redis lost',
      { crashes: 1, wipes: 1, ticks: 0 },
      {
        decideInstance: (instance, group) => {
          const decision = decideInstance(instance, group);
          const isRepeated = instance.node?.state !== 'SERVING' && !instance.command;
          return isRepeated || instance.node?.drain ? { ...decision, actions: [] } : decision;
        },
      },
    ],
  ])('%s', async (_, bounds, broken) => {
    const { counterexample } = await check(bounds, { ...PRODUCTION_RULES, ...broken });
    expect(counterexample).toContain('VIOLATED');
  });
});

if (process.env['FLEET_MODEL'] === 'wide') {
  describe('with wide bounds', () => {
    test.each<Partial<DrainBounds>>([
      { ticks: 2, joins: 1, duplicates: 1, operatorDrains: 1, uncordons: 1, spots: 1 },
      { ticks: 5, joins: 2, wipes: 1 },
      { ticks: 3, joins: 2, wipes: 1, losses: 1 },
      { ticks: 2, crashes: 1, wipes: 1, cuts: 1, losses: 1 },
    ])('%j', (bounds) => expectNoCounterexample(bounds, 50_000));
  });
}
