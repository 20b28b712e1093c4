// Step: the Node packages of package-lock.json.
import crypto from 'node:crypto';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';

import { withLock } from '../lock.mjs';
import parts from '../parts.cjs';
import { SetupError } from '../setup-error.mjs';
import { runQuietly } from '../system.mjs';

/** Optional packages that npm leaves out in silence are reported once per lock file, not installed at each start. */
const STAMP = path.join('node_modules', '.fleet-setup.json');
const DETAIL_LINES = 20;

/**
 * Packages that the lock file wants on this platform, and that node_modules lacks or has in another version. npm's own
 * record of what it installed (node_modules/.package-lock.json) tells, in some milliseconds.
 * @param {object} options
 * @param {Record<string, any>} options.wanted `packages` of package-lock.json
 * @param {Record<string, any>} options.installed `packages` of node_modules/.package-lock.json
 * @param {(location: string) => boolean} options.exists
 * @param {{ os: string, cpu: string, libc: string | undefined }} options.platform
 * @returns {{ required: string[], optional: string[] }}
 */
export function packageMismatches({ wanted, installed, exists, platform }) {
  const required = [];
  const optional = [];
  for (const [location, entry] of Object.entries(wanted)) {
    if (!location.startsWith('node_modules/') || entry.link) continue;
    const fits =
      allows(entry.os, platform.os) &&
      allows(entry.cpu, platform.cpu) &&
      (!platform.libc || allows(entry.libc, platform.libc));
    if (!fits) continue;
    const found = installed[location];
    if (found && found.version === entry.version && found.integrity === entry.integrity && exists(location))
      continue;
    // Optional packages without a platform of their own come and go with the platform package that they belong to.
    if (entry.optional && !entry.os && !entry.cpu) continue;
    (entry.optional ? optional : required).push(`${location.slice('node_modules/'.length)}@${entry.version}`);
  }
  return { required, optional };
}

/**
 * @param {string | string[] | undefined} rule as in package.json: `["linux"]`, `["!win32"]` or a plain string
 * @param {string} value
 */
function allows(rule, value) {
  const list = [rule ?? []].flat();
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((item) => item.startsWith('!'));
}

function libc() {
  if (process.platform !== 'linux') return undefined;
  return process.report?.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

/** @param {string} file */
async function readPackages(file) {
  try {
    return JSON.parse(await fsp.readFile(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** @param {string} root */
async function check(root) {
  const { required, optional } = packageMismatches({
    wanted: await readPackages(path.join(root, 'package-lock.json')),
    installed: await readPackages(path.join(root, 'node_modules', '.package-lock.json')),
    exists: (location) => fs.existsSync(path.join(root, location, 'package.json')),
    platform: { os: process.platform, cpu: process.arch, libc: libc() },
  });
  const lockHash = crypto
    .createHash('sha256')
    .update(await fsp.readFile(path.join(root, 'package-lock.json')))
    .digest('hex');
  let accepted = '';
  try {
    accepted = JSON.parse(await fsp.readFile(path.join(root, STAMP), 'utf8')).lockHash;
  } catch {
    // No stamp: fine, it only exists where npm left optional packages out.
  }
  return {
    required,
    optional,
    lockHash,
    upToDate: required.length === 0 && (optional.length === 0 || accepted === lockHash),
  };
}

/** @param {{ root: string, report: (progress: string) => void }} options */
export async function ensureNodePackages({ root, report }) {
  if ((await check(root)).upToDate) return { result: 'up to date with package-lock.json' };

  const rootHash = crypto.createHash('sha256').update(root).digest('hex').slice(0, 12);
  const file = path.join(parts.cacheFolder(), 'locks', `npm-${rootHash}`);
  return withLock({ file, onWait: (holder) => report(`waiting for npm of process ${holder}`) }, async () => {
    const before = await check(root);
    if (before.upToDate) return { result: 'up to date with package-lock.json' };
    report('npm ci --ignore-scripts');
    await npmCi(root);
    const after = await check(root);
    if (after.required.length > 0) {
      throw new SetupError({
        title: `npm ci ended well, but left out ${after.required.slice(0, 5).join(', ')}`,
        remedies: ['rm -r node_modules && npm ci --ignore-scripts'],
      });
    }
    if (after.optional.length === 0) return { result: 'installed' };
    await fsp.writeFile(path.join(root, STAMP), `${JSON.stringify({ lockHash: after.lockHash })}\n`);
    return { result: `installed, without the optional ${after.optional.join(', ')}` };
  });
}

/** @param {string} root */
async function npmCi(root) {
  // The npm that runs us, if one does; it is a JavaScript file.
  const own = process.env.npm_execpath;
  const [command, prefix] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  // --ignore-scripts: mediasoup's own install script needs GitHub and fails the whole installation without it. The
  // worker is a step of its own here.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await runQuietly(command, [...prefix, ...args], { cwd: root }).catch((error) => {
    throw new SetupError({
      title: `npm could not be started (${error.message})`,
      remedies: ['install Node.js with npm: https://nodejs.org/en/download'],
    });
  });
  if (code === 0) return;
  throw new SetupError({
    title: 'npm ci failed',
    remedies: [
      'see to the cause that npm names above (often the network or the registry), then run the same command again',
    ],
    // Of a usage error npm prints the cause first, and then all of its options.
    details: output
      .split('\nnpm error Clean install a project')[0]
      .split('\n')
      .slice(-DETAIL_LINES)
      .join('\n'),
  });
}
