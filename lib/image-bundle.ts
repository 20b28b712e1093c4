import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { FleetError } from '../core/errors';

const ROOT = join(__dirname, '..');

/**
 * Builds the image bundle of this package, by its script and in a process of its own, since a construct can not wait
 * for a promise. What is current is not built again. Gives its folder.
 *
 * @throws FleetError FLEET_ERR_CONFIG when it can not be built
 */
export function buildDefaultImageBundle(): string {
  try {
    const output = execFileSync(
      process.execPath,
      ['--require', require.resolve('tsx/cjs'), join(ROOT, 'scripts', 'build-image-bundle.ts')],
      { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 },
    );
    const [dir] = output.trim().split(' ');
    if (dir) return dir;
    throw new Error('it printed nothing');
  } catch (cause) {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message:
        'imageBundle: the bundle of the node app can not be built (npx tsx scripts/build-image-bundle.ts says why)',
      cause,
    });
  }
}
