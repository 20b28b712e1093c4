import { assemblyOf, testEngine, type TestEngine } from './templates';

let test_: TestEngine;
beforeEach(() => {
  test_ = testEngine();
});

const thing = (Value: unknown, more: object = {}) => ({
  Type: 'Test::Thing',
  Properties: { Value },
  ...more,
});

describe('the first deployment', () => {
  test('makes resources after those that they need', async () => {
    const { engine, things } = test_;
    await engine.deploy(
      assemblyOf({
        one: {
          Resources: {
            A: thing({ 'Fn::Sub': '${B.Arn}' }),
            B: thing({ 'Fn::Join': ['', [{ 'Fn::GetAtt': ['C', 'Arn'] }]] }),
            C: thing(1, { DependsOn: 'D' }),
            D: thing(1, { DependsOn: ['E'] }),
            E: thing(1),
          },
        },
      }),
    );
    expect(things.calls).toEqual(['create E', 'create D', 'create C', 'create B', 'create A']);
  });

  test('leaves out what a condition does not want', async () => {
    const { engine, things } = test_;
    await engine.deploy(
      assemblyOf({
        one: {
          Conditions: { No: { 'Fn::Equals': ['a', 'b'] } },
          Resources: { A: thing(1, { Condition: 'No' }), B: thing(2) },
          Outputs: { Gone: { Condition: 'No', Value: { Ref: 'A' } }, There: { Value: { Ref: 'B' } } },
        },
      }),
    );
    expect(things.calls).toEqual(['create B']);
    expect(engine.outputs('one')).toEqual({ There: 'ref-B' });
    expect(engine.outputs('two')).toBeUndefined();
  });

  test('makes nothing at all when a type is unknown, and names each of them', async () => {
    const { engine, things } = test_;
    const deployment = engine.deploy(
      assemblyOf({
        one: { Resources: { A: thing(1) } },
        two: {
          Resources: {
            B: { Type: 'AWS::New::Thing' },
            C: { Type: 'AWS::New::Thing' },
            D: { Type: 'AWS::X::Y' },
          },
        },
      }),
    );
    await expect(deployment).rejects.toThrow(
      'the local cloud does not play AWS::New::Thing (two.B), AWS::X::Y (two.D)',
    );
    expect(things.calls).toEqual([]);
  });

  test('refuses circles and dependencies on nothing', async () => {
    const { engine } = test_;
    await expect(
      engine.deploy(assemblyOf({ one: { Resources: { A: thing({ Ref: 'B' }), B: thing({ Ref: 'A' }) } } })),
    ).rejects.toThrow('one: circular dependency A → B → A');
    await expect(
      engine.deploy(assemblyOf({ one: { Resources: { A: thing(1, { DependsOn: 'Z' }) } } })),
    ).rejects.toThrow('one.A depends on Z, which does not exist');
  });

  test('names the property that is wrong', async () => {
    const { engine } = test_;
    await expect(
      engine.deploy(
        assemblyOf({ one: { Resources: { A: { Type: 'Test::Thing', Properties: { Items: [{}] } } } } }),
      ),
    ).rejects.toThrow(/one\.A \(Test::Thing\): Items\[0\]\.Id: /);
  });

  test('takes what it made back when it fails', async () => {
    const { engine, things, messages } = test_;
    things.failing.add('create B');
    const resources = { A: thing(1), B: thing({ Ref: 'A' }) };
    await expect(engine.deploy(assemblyOf({ one: { Resources: resources } }))).rejects.toThrow(
      'one.B (Test::Thing): it does not want to',
    );
    expect(things.calls).toEqual(['create A', 'create B', 'remove A']);
    expect(engine.resources()).toEqual([]);
    expect(messages.at(-1)).toContain('one: ROLLBACK_COMPLETE');

    things.failing.clear();
    await engine.deploy(assemblyOf({ one: { Resources: resources } }));
    expect(engine.resources().map(({ logicalId }) => logicalId)).toEqual(['A', 'B']);
  });

  test('is one at a time', async () => {
    const { engine } = test_;
    const first = engine.deploy(assemblyOf({ one: { Resources: { A: thing(1) } } }));
    await expect(engine.deploy(assemblyOf({}))).rejects.toThrow('a deployment is under way');
    await first;
  });
});

describe('another deployment', () => {
  const before = {
    A: thing(1),
    B: thing({ 'Fn::GetAtt': ['A', 'Value'] }),
    C: thing('same'),
    D: thing('gone'),
  };

  beforeEach(async () => {
    await test_.engine.deploy(assemblyOf({ one: { Resources: before } }));
    test_.things.calls.length = 0;
  });

  test('changes what changed and what depends on it, makes the new, and then removes the rest', async () => {
    const { engine, things } = test_;
    await engine.deploy(
      assemblyOf({ one: { Resources: { E: thing('new'), B: before.B, C: before.C, A: thing(2) } } }),
    );
    expect(things.calls).toEqual(['create E', 'update A 1 → 2', 'update B 1 → 2', 'remove D']);
    expect(Object.fromEntries(things.things)).toMatchObject({
      A: { Value: 2 },
      B: { Value: '2' },
      C: { Value: 'same' },
      E: { Value: 'new' },
    });
  });

  test('goes back when an update fails: the failed one too, and nothing is removed', async () => {
    const { engine, things, messages } = test_;
    things.failing.add('update B');
    await expect(
      engine.deploy(assemblyOf({ one: { Resources: { A: thing(2), E: thing('new'), B: before.B } } })),
    ).rejects.toThrow('one.B (Test::Thing): it does not want to');
    expect(things.calls).toEqual([
      'update A 1 → 2',
      'create E',
      'update B 1 → 2',
      'update B 2 → 1',
      'remove E',
      'update A 2 → 1',
    ]);
    expect(messages.at(-1)).toBe('one: UPDATE_ROLLBACK_COMPLETE: one.B (Test::Thing): it does not want to');

    things.calls.length = 0;
    await engine.deploy(assemblyOf({ one: { Resources: before } }));
    expect(things.calls).toEqual([]);
  });

  test('says when even the way back fails', async () => {
    const { engine, things } = test_;
    things.failing.add('update B').add('remove E');
    await expect(
      engine.deploy(assemblyOf({ one: { Resources: { E: thing('new'), A: thing(2), B: before.B } } })),
    ).rejects.toThrow('it does not want to; the rollback failed too (E: it does not want to)');
    expect(things.calls.at(-1)).toBe('remove E');
  });

  test('stops at the stack that fails, and keeps those before it', async () => {
    const { engine, things } = test_;
    things.failing.add('create X');
    await expect(
      engine.deploy(
        assemblyOf({
          one: { Resources: { ...before, A: thing(2) } },
          two: { Resources: { X: thing(1) } },
          three: { Resources: { Y: thing(1) } },
        }),
      ),
    ).rejects.toThrow('two.X');
    expect(things.things.get('A')).toMatchObject({ Value: 2 });
    expect(things.calls).not.toContain('create Y');
  });
});

test('a type that can not be updated is removed and made anew, and back', async () => {
  const { engine, fixed, things } = test_;
  const fixedOf = (Value: string) => ({ Type: 'Test::Fixed', Properties: { Value } });
  await engine.deploy(assemblyOf({ one: { Resources: { F: fixedOf('a') } } }));
  await engine.deploy(assemblyOf({ one: { Resources: { F: fixedOf('b') } } }));
  expect(fixed.calls).toEqual(['create a', 'remove a', 'create b']);

  fixed.calls.length = 0;
  things.failing.add('create A');
  await expect(
    engine.deploy(assemblyOf({ one: { Resources: { F: fixedOf('c'), A: thing({ Ref: 'F' }) } } })),
  ).rejects.toThrow();
  expect(fixed.calls).toEqual(['remove b', 'create c', 'remove c', 'create b']);
});

test('an export that another stack uses can not change', async () => {
  const { engine, things } = test_;
  const stacks = (value: string) => ({
    one: {
      Resources: { A: thing(value) },
      Outputs: { Out: { Value: { 'Fn::GetAtt': ['A', 'Value'] }, Export: { Name: 'one:Out' } } },
    },
    two: { Resources: { B: thing({ 'Fn::ImportValue': 'one:Out' }) } },
  });
  await engine.deploy(assemblyOf(stacks('a')));
  await expect(engine.deploy(assemblyOf(stacks('b')))).rejects.toThrow(
    'one: export one:Out can not be changed or deleted, as it is in use by two',
  );
  expect(things.things.get('A')).toMatchObject({ Value: 'a' });
});

test('tells once what is not simulated, with everything that has it', async () => {
  const { engine } = test_;
  const properties = {
    Value: { anything: { within: 1 } },
    Tags: [{ Key: 'a' }],
    Size: '3',
    Items: [
      { Id: 'a', Note: 'inert', Weight: 1 },
      { Id: 'b', Weight: 2 },
    ],
    Colour: 'red',
    Deep: { x: { Known: 1 } },
  };
  await engine.deploy(
    assemblyOf({
      one: {
        Resources: {
          A: { Type: 'Test::Thing', Properties: properties },
          B: { Type: 'Test::Thing', Properties: { Colour: 'blue' } },
        },
      },
    }),
  );
  expect(engine.notSimulated()).toEqual([
    'not simulated: Test::Thing.Items.Weight (A)',
    'not simulated: Test::Thing.Colour (A, B)',
    'not simulated: Test::Thing.Deep (A)',
  ]);
});
