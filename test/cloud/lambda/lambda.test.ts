import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { EventInvokeConfigType } from '../../../local/cloud/lambda/resources/event-invoke-config';
import { eventually } from '../../helpers/eventually';
import { PlayedLambda } from './played-lambda';

let played: PlayedLambda;

afterEach(async () => {
  await played.close();
});

test('a function gets its event, a context, exactly its environment, and gives its result', async () => {
  played = new PlayedLambda({
    access: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    overrides: { STORE: 'redis://127.0.0.1:2', UNKNOWN: 'not for it' },
  });
  const { arn } = played.put(
    `exports.handler = async (event, context) => ({
       event,
       env: process.env,
       name: context.functionName,
       version: context.functionVersion,
       memory: context.memoryLimitInMB,
       arn: context.invokedFunctionArn,
       id: context.awsRequestId,
       left: context.getRemainingTimeInMillis(),
     });`,
    { environment: { STORE: 'rediss://far.away:6380', NAME: 'fleet-nodes' }, timeoutSeconds: 10 },
  );

  const result = await played.lambda.invoke(arn, { a: [1, null] });

  expect(result).toEqual({
    ok: true,
    payload: {
      event: { a: [1, null] },
      env: {
        AWS_DEFAULT_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        AWS_LAMBDA_FUNCTION_NAME: 'example',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/example',
        AWS_LAMBDA_LOG_STREAM_NAME: '[$LATEST]local',
        AWS_REGION: 'eu-central-1',
        LAMBDA_TASK_ROOT: expect.any(String) as unknown,
        NAME: 'fleet-nodes',
        STORE: 'redis://127.0.0.1:2',
        TZ: ':UTC',
        _HANDLER: 'index.handler',
      },
      name: 'example',
      version: '$LATEST',
      memory: '128',
      arn,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      left: expect.any(Number) as unknown,
    },
  });
  expect(played.recording.sum('Invocations')).toBe(1);
  expect(played.recording.sum('Errors')).toBe(0);
  expect(played.recording.values[0]).toMatchObject({
    namespace: 'AWS/Lambda',
    dimensions: { FunctionName: 'example' },
    atMs: played.clock.nowMs(),
  });
});

const COUNTING = `let calls = 0; exports.handler = async () => ({ pid: process.pid, calls: ++calls });`;

test('an environment stays warm for the next invocation and ends when nobody calls', async () => {
  played = new PlayedLambda({ idleMs: 600_000 });
  const { arn } = played.put(COUNTING);

  const first = await call<{ pid: number; calls: number }>(arn);
  await played.clock.advance(599_000);
  const second = await call<{ pid: number; calls: number }>(arn);
  await played.clock.advance(600_000);
  const third = await call<{ pid: number; calls: number }>(arn);

  expect(second).toEqual({ pid: first.pid, calls: 2 });
  expect(third.calls).toBe(1);
  await eventually(() => !isAlive(first.pid));
});

test('invocations at once have an environment each, and what is more than may be is throttled', async () => {
  played = new PlayedLambda({ maxEnvironments: 2 });
  const { arn } = played.put(
    `exports.handler = async () => { await new Promise((r) => setTimeout(r, 300)); return process.pid; };`,
  );

  const results = await Promise.all([1, 2, 3].map(() => played.lambda.invoke(arn, {})));

  const pids = results.map((result) => (result.ok ? result.payload : result.error));
  expect(new Set(pids).size).toBe(3);
  expect(pids[2]).toBe('Throttled');
  expect(played.recording.sum('Throttles')).toBe(1);
  expect(played.recording.sum('Invocations')).toBe(2);
});

test('an environment that waits makes room for another function', async () => {
  played = new PlayedLambda({ maxEnvironments: 1 });
  const one = played.put(COUNTING, { name: 'one' });
  const two = played.put(COUNTING, { name: 'two' });

  const { pid } = await call<{ pid: number }>(one.arn);
  expect(await call(two.arn)).toMatchObject({ calls: 1 });
  await eventually(() => !isAlive(pid));
});

test('reserved concurrency limits one function', async () => {
  played = new PlayedLambda();
  const { arn } = played.put(COUNTING, { reservedConcurrency: 0 });

  expect(await played.lambda.invoke(arn, {})).toMatchObject({ ok: false, error: 'Throttled' });
});

test.each([
  ['throws', `exports.handler = () => { throw new RangeError('too far'); };`, 'RangeError: too far'],
  ['rejects', `exports.handler = async () => { throw new TypeError('no'); };`, 'TypeError: no'],
  ['exits', `exports.handler = () => process.exit(3);`, /exit status 3/],
  [
    'kills itself',
    `exports.handler = () => process.kill(process.pid, 'SIGKILL');`,
    /Runtime exited with error: signal: SIGKILL/,
  ],
  [
    'leaves a promise alone',
    `exports.handler = () => { void Promise.reject(new Error('x')); return new Promise(() => {}); };`,
    /exit status 128/,
  ],
  [
    'gives what is no JSON',
    `exports.handler = async () => { const a = {}; a.a = a; return a; };`,
    /circular structure/,
  ],
  ['fails at its start', `throw new Error('no config');`, 'Error: no config'],
  ['exports no handler', `exports.other = 1;`, /Runtime.HandlerNotFound/],
])('a function that %s is Unhandled, and the next invocation works anew', async (_what, source, message) => {
  played = new PlayedLambda();
  const { arn } = played.put(source);

  for (let attempt = 1; attempt <= 2; attempt += 1) {
    expect(await played.lambda.invoke(arn, {})).toEqual({
      ok: false,
      error: 'Unhandled',
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown),
    });
    expect(played.recording.sum('Errors')).toBe(attempt);
  }
  expect(played.recording.occurrences.at(-1)).toMatchObject({ kind: 'invocation', outcome: 'Unhandled' });
});

test.each([
  ['waits', `exports.handler = () => new Promise(() => setInterval(() => {}, 1000));`],
  ['never gives the processor back', `exports.handler = () => { for (;;); };`],
])('a function that %s is stopped at its time-out', async (_what, source) => {
  played = new PlayedLambda();
  const { arn } = played.put(source, { timeoutSeconds: 1 });

  expect(await played.lambda.invoke(arn, {})).toEqual({
    ok: false,
    error: 'TimedOut',
    message: 'Task timed out after 1.00 seconds',
  });
});

test('a function that is not there is NotFound', async () => {
  played = new PlayedLambda();
  const arn = 'arn:aws:lambda:eu-central-1:123456789012:function:nobody';

  expect(await played.lambda.invoke(arn, {})).toMatchObject({ ok: false, error: 'NotFound' });
  expect(played.lambda.invokeLater(arn, {})).toBe(false);
});

test('new code runs from the next invocation on', async () => {
  played = new PlayedLambda();
  const { arn } = played.put(`exports.handler = async () => 'old';`);
  expect(await call(arn)).toBe('old');

  played.put(`exports.handler = async () => 'new';`);

  expect(await call(arn)).toBe('new');
});

test("the function's time of day is the cloud's, and its timers stay real", async () => {
  const originMs = Date.now() - 1_000;
  played = new PlayedLambda({ clockSpeed: { speed: 1_000, originMs } });
  const { arn } = played.put(`exports.handler = async () => {
    const date = new Date();
    const from = Date.now();
    const realFrom = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return {
      now: from, date: date.getTime(), text: Date(), fixed: new Date(5).getTime(), parsed: Date.parse('1970-01-01'),
      kind: date instanceof Date && date.constructor === Date,
      passed: Date.now() - from, real: performance.now() - realFrom, env: process.env.FLEET_CLOCK ?? null,
    };
  };`);

  const seen = await call<Record<string, number>>(arn);

  expect(seen['now']).toBeGreaterThan(originMs + 900_000);
  expect(seen['date']).toBeGreaterThan(originMs + 900_000);
  expect(seen['date']).toBeLessThanOrEqual(seen['now'] ?? 0);
  expect(seen).toMatchObject({ fixed: 5, parsed: 0, kind: true, env: null });
  // At the cloud's speed it would be over at once.
  expect(seen['real']).toBeGreaterThan(45);
  expect(seen['passed']).toBeGreaterThan((seen['real'] ?? 0) * 500);
});

test('its output is in its log, and metrics in it are recorded', async () => {
  played = new PlayedLambda({
    readMetrics: (line) =>
      line.startsWith('{"_aws"')
        ? [{ namespace: 'Test', name: 'Seen', dimensions: {}, value: 7, atMs: 1 }]
        : [],
  });
  const { arn } = played.put(
    `exports.handler = async () => { console.log('hello'); console.error('oh'); process.stdout.write('{"_aws":1}\\n'); };`,
  );

  expect(await call(arn)).toBeNull();

  await eventually(() => played.recording.sum('Seen') === 7);
  await eventually(() => ['hello', 'oh'].every((line) => played.readLog().split('\n').includes(line)));
});

const FAILING = `const { appendFileSync } = require('node:fs');
exports.handler = async (event) => { console.log('tried ' + event.id); throw new Error('still not'); };`;

test('asynchronously, a failure is tried again after a minute and after two more, and then is a dead letter', async () => {
  played = new PlayedLambda();
  const { arn } = played.put(FAILING, { deadLetterArn: 'arn:aws:sqs:eu-central-1:123456789012:dead' });

  expect(played.lambda.invokeLater(arn, { id: 5 })).toBe(true);
  await played.clock.advance(0);
  await failures(1);
  await played.clock.advance(59_999);
  expect(played.recording.sum('Errors')).toBe(1);
  await played.clock.advance(1);
  await failures(2);
  await played.clock.advance(119_999);
  expect(played.recording.sum('Errors')).toBe(2);
  expect(played.recording.letters).toEqual([]);
  await played.clock.advance(1);
  await failures(3);

  await eventually(() => played.recording.letters.length === 1);
  expect(played.recording.letters[0]).toMatchObject({
    queueArn: 'arn:aws:sqs:eu-central-1:123456789012:dead',
    source: 'example',
    body: '{"id":5}',
    attributes: {
      ErrorMessage: 'Error: still not',
      RequestID: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
    },
  });
  expect(played.clock.waiting).toBe(1);
});

test('a retry that succeeds ends it, and how often and how long is the function’s own', async () => {
  played = new PlayedLambda();
  const { arn } = played.put(
    `let calls = 0; exports.handler = async () => { if (++calls < 2) throw new Error('not yet'); };`,
    { deadLetterArn: 'dead' },
  );
  played.lambda.invokeLater(arn, {});
  await played.clock.advance(0);
  await failures(1);
  await played.clock.advance(60_000);
  await eventually(() => played.recording.sum('Invocations') === 2);
  expect(played.recording.letters).toEqual([]);

  const never = played.put(FAILING, { name: 'never', deadLetterArn: 'dead' });
  played.lambda.configureAsync(never.arn, { maximumRetryAttempts: 0, maximumEventAgeSeconds: 60 });
  played.lambda.invokeLater(never.arn, {});
  await played.clock.advance(0);
  await eventually(() => played.recording.letters.length === 1);

  const aged = played.put(FAILING, { name: 'aged', deadLetterArn: 'dead' });
  played.lambda.configureAsync(aged.arn, { maximumRetryAttempts: 2, maximumEventAgeSeconds: 100 });
  played.lambda.invokeLater(aged.arn, {});
  await played.clock.advance(0);
  await failures(3);
  await played.clock.advance(60_000);
  // The third attempt would come after 180 s.
  await eventually(() => played.recording.letters.length === 2);
});

test('how a function is tried again comes from its EventInvokeConfig, while there is one', async () => {
  played = new PlayedLambda();
  const { arn } = played.put(FAILING, { deadLetterArn: 'dead' });
  const type = new EventInvokeConfigType(played.lambda);
  const resource = {
    stackName: 'fleet',
    logicalId: 'Config',
    properties: type.properties.parse({
      FunctionName: 'example',
      Qualifier: '$LATEST',
      MaximumRetryAttempts: '0',
    }),
    updatePolicy: undefined,
  };
  type.create(resource);
  played.lambda.invokeLater(arn, {});
  await played.clock.advance(0);
  await eventually(() => played.recording.letters.length === 1);

  type.remove(resource);
  played.lambda.invokeLater(arn, {});
  await played.clock.advance(0);
  await failures(2);
  await played.clock.advance(60_000);
  await failures(3);
  expect(played.recording.letters).toHaveLength(1);
});

test('what is throttled asynchronously is tried until there is room', async () => {
  played = new PlayedLambda();
  const { arn } = played.put(COUNTING, { reservedConcurrency: 0 });
  played.lambda.invokeLater(arn, {});
  await played.clock.advance(10_000);
  expect(played.recording.sum('Throttles')).toBe(4);

  played.put(COUNTING);
  await played.clock.advance(6_000);

  await eventually(() => played.recording.sum('Invocations') === 1);
});

test('no process of a function outlives the one that invoked it, even killed', async () => {
  played = new PlayedLambda();
  const runner = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'invoke-and-wait.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(__dirname, '..', '..', '..'),
  });
  const [output] = (await once(runner.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(output.toString()) as number[];
  expect(pids.map(isAlive)).toEqual([true, true]);

  runner.kill('SIGKILL');

  await eventually(() => !pids.some(isAlive));
});

async function call<T>(arn: string): Promise<T> {
  const result = await played.lambda.invoke(arn, {});
  if (!result.ok) throw new Error(result.message);
  return result.payload as T;
}

async function failures(count: number): Promise<void> {
  await eventually(() => played.recording.sum('Errors') === count);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
