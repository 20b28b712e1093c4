'use strict';
/**
 * Ends this process once its event loop is empty and every `exit` listener has run. Node 24 cleans up after that, and was
 * seen to go round in it for ever (`Environment::CleanupHandles`). Whatever keeps the loop alive still does.
 */
const { emit } = process;
/** @type {(this: NodeJS.Process, ...args: unknown[]) => boolean} */
function emitAndEnd(...args) {
  const handled = Reflect.apply(emit, this, args);
  if (args[0] === 'exit') process.reallyExit(Number(process.exitCode ?? 0));
  return handled;
}
process.emit = /** @type {typeof process.emit} */ (emitAndEnd);
