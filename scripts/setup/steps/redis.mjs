// Step: a redis-server binary. The fleet and the tests start processes of their own from it.
import parts from '../parts.cjs';
import { SetupError } from '../setup-error.mjs';
import { aptInstall, canInstall, installCommand } from '../system.mjs';

const PACKAGES = { apt: ['redis-server'], dnf: ['redis'], brew: ['redis'] };

/** @param {{ system: import('../system.mjs').System, report: (progress: string) => void }} options */
export async function ensureRedis({ system, report }) {
  try {
    return found();
  } catch (error) {
    // A wrong REDIS_SERVER_BIN or an old Redis is not cured by installing one.
    const isAbsent = !process.env.REDIS_SERVER_BIN && !parts.findOnPath(['redis-server'], process.env);
    if (!isAbsent) throw new SetupError({ title: error.message, remedies: [redisRemedy(system)] });
  }
  if (!canInstall(system)) {
    throw new SetupError({ title: 'no redis-server on the PATH', remedies: [redisRemedy(system)] });
  }
  await aptInstall({ packages: PACKAGES.apt, services: ['redis-server'], report });
  return { result: `${found().result} (installed; its system service is neither started nor enabled)` };
}

/** @param {import('../system.mjs').System} system */
export function redisRemedy(system) {
  return (
    installCommand(system.packageManager, PACKAGES) ??
    'install Redis 6.2 or newer and put redis-server on the PATH, or set REDIS_SERVER_BIN=<path>'
  );
}

function found() {
  const file = parts.findRedisServerBin();
  return { result: `${parts.redisVersion(file)}, ${file}` };
}
