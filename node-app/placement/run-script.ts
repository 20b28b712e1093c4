import type { Redis } from 'ioredis';
import type { PlacementScript } from './script-loader';

/** EVALSHA; only a Redis that has lost its script cache needs the source, once. Strings come as Buffers. */
export async function runScript(
  redis: Redis,
  script: PlacementScript,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
): Promise<unknown> {
  try {
    return await redis.callBuffer('EVALSHA', script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('NOSCRIPT'))) throw error;
  }
  return redis.callBuffer('EVAL', script.lua, keys.length, ...keys, ...args);
}
