// Runs in the process of one execution environment, in place of Lambda's Node.js runtime: loads the handler, and calls it
// for each event that its parent sends. Plain JavaScript of Node alone, so that it starts as fast as the function does.
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** @typedef {{ type: 'init', taskRoot: string, handler: string, clock?: { speed: number, originMs: number } }} Init */
/** @typedef {{ type: 'invoke', requestId: string, event: unknown, timeoutMs: number, functionArn: string }} Invoke */

/** "The maximum payload of a synchronous invocation's response is 6 MB" (Lambda quotas). */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024;

/** @type {((event: unknown, context: object) => unknown) | undefined} */
let handler;

// However the parent ends.
process.on('disconnect', () => process.exit(0));
process.on('unhandledRejection', (reason) => {
  // As Lambda's runtime does; the process can't be trusted any more.
  process.stderr.write(`Unhandled Promise Rejection: ${describe(reason).errorMessage}\n`);
  process.exit(128);
});
process.on('message', (/** @type {Init | Invoke} */ message) => {
  if (message.type === 'init') initialize(message);
  else void invoke(message);
});

/** @param {Init} init */
function initialize({ taskRoot, handler: name, clock }) {
  try {
    if (clock) useClock(clock);
    handler = load(taskRoot, name);
    process.send?.({ type: 'ready' });
  } catch (error) {
    process.send?.({ type: 'initFailed', ...describe(error) });
  }
}

/** @param {string} taskRoot @param {string} name */
function load(taskRoot, name) {
  const dot = name.lastIndexOf('.');
  const base = join(taskRoot, name.slice(0, dot));
  const file = ['.js', '.cjs', '.mjs'].map((end) => base + end).find((path) => existsSync(path));
  if (!file) throw named('Runtime.ImportModuleError', `Cannot find module '${name.slice(0, dot)}'`);
  const found = require(file)[name.slice(dot + 1)];
  if (typeof found !== 'function') {
    throw named('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  return found;
}

/** @param {Invoke} invocation */
async function invoke({ requestId, event, timeoutMs, functionArn }) {
  const deadline = performance.now() + timeoutMs;
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: false,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: functionArn,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
  };
  try {
    const payload = JSON.stringify((await handler?.(event, context)) ?? null);
    if (Buffer.byteLength(payload) > MAX_RESPONSE_BYTES) {
      throw named(
        'Function.ResponseSizeTooLarge',
        'Response payload size exceeded maximum allowed payload size',
      );
    }
    process.send?.({ type: 'result', requestId, payload });
  } catch (error) {
    const failure = describe(error);
    process.stderr.write(
      `${JSON.stringify({ level: 'error', message: 'Invoke Error', requestId, ...failure })}\n`,
    );
    process.send?.({ type: 'error', requestId, ...failure });
  }
}

/**
 * What the function calls the time of day is the cloud's; its timers and performance.now() stay real, as its work is.
 * @param {{ speed: number, originMs: number }} clock
 */
function useClock({ speed, originMs }) {
  const RealDate = Date;
  const realNow = RealDate.now;
  const now = () => Math.floor(originMs + (realNow() - originMs) * speed);
  const CloudDate = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    apply: () => new RealDate(now()).toString(),
  });
  RealDate.now = now;
  RealDate.prototype.constructor = CloudDate;
  globalThis.Date = CloudDate;
}

/** @param {unknown} error */
function describe(error) {
  if (!(error instanceof Error)) return { errorType: 'Error', errorMessage: String(error) };
  return { errorType: error.name, errorMessage: error.message };
}

/** @param {string} name @param {string} message */
function named(name, message) {
  return Object.assign(new Error(message), { name });
}
