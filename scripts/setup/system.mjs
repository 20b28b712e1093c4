// What kind of machine this is, and how something gets installed on it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';

import { withLock } from './lock.mjs';
import parts from './parts.cjs';
import { SetupError } from './setup-error.mjs';

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const MAX_OUTPUT_CHARACTERS = 20_000;
const DETAIL_LINES = 15;

/** @typedef {'apt' | 'dnf' | 'brew' | 'unknown'} PackageManager */
/** @typedef {{ platform: string, packageManager: PackageManager, isRoot: boolean, isUbuntu: boolean }} System */

/** @param {string} osReleaseText @param {string} platform @returns {PackageManager} */
export function packageManagerOf(osReleaseText, platform) {
  if (platform === 'darwin') return 'brew';
  const ids = [...osReleaseText.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) =>
    match[1].split(' '),
  );
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'apt';
  if (['fedora', 'rhel', 'centos', 'amzn'].some((id) => ids.includes(id))) return 'dnf';
  return 'unknown';
}

/** @returns {System} */
export function detectSystem() {
  let osReleaseText = '';
  try {
    osReleaseText = fs.readFileSync('/etc/os-release', 'utf8');
  } catch {
    // macOS, or a Linux without the file: then nothing is known about it.
  }
  return {
    platform: process.platform,
    packageManager: packageManagerOf(osReleaseText, process.platform),
    isRoot: process.getuid?.() === 0,
    isUbuntu: /^ID=ubuntu$/m.test(osReleaseText),
  };
}

/**
 * The command that a person types to install something, per package manager.
 * @param {PackageManager} packageManager
 * @param {Partial<Record<PackageManager, string[]>>} packages
 * @returns {string | undefined} undefined when this kind of system has no packages for it
 */
export function installCommand(packageManager, packages) {
  const names = packages[packageManager]?.join(' ');
  if (!names) return undefined;
  if (packageManager === 'apt')
    return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`;
  if (packageManager === 'dnf') return `sudo dnf install -y ${names}`;
  return `brew install ${names}`;
}

/** @param {System} system */
export function canInstall(system) {
  return system.packageManager === 'apt' && system.isRoot;
}

/**
 * Installs Debian packages as root. Services among them are neither started now (policy-rc.d answers 101 while apt
 * runs) nor at the next boot (`systemctl disable` where systemd runs): the fleet starts its own Redis processes.
 * @param {{ packages: string[], services?: string[], report: (progress: string) => void }} options
 */
export async function aptInstall({ packages, services = [], report }) {
  const file = path.join(parts.cacheFolder(), 'locks', 'apt');
  await withLock(
    { file, onWait: (holder) => report(`waiting for the installation of process ${holder}`) },
    async () => {
      const ownsPolicy = services.length > 0 && (await forbidServiceStarts());
      try {
        report('apt-get update');
        await apt(['update', '-qq'], packages);
        report(`apt-get install ${packages.join(' ')}`);
        await apt(['install', '-y', '-qq', '--no-install-recommends', ...packages], packages);
      } finally {
        if (ownsPolicy) await fsp.rm(POLICY_FILE, { force: true });
      }
      if (services.length > 0 && fs.existsSync('/run/systemd/system')) {
        await runQuietly('systemctl', ['disable', '--now', ...services]);
      }
    },
  );
}

/** @returns {Promise<boolean>} whether the file is ours to remove; a machine's own policy stays in force */
async function forbidServiceStarts() {
  try {
    await fsp.writeFile(POLICY_FILE, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string[]} args @param {string[]} packages */
async function apt(args, packages) {
  const { code, output } = await runQuietly('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args]);
  if (code === 0) return;
  throw new SetupError({
    title: `apt-get ${args[0]} failed`,
    remedies: [
      'see to the cause that apt-get names above, or install by hand:',
      `  ${installCommand('apt', { apt: packages })}`,
    ],
    details: output.split('\n').slice(-DETAIL_LINES).join('\n'),
  });
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<{ code: number | null, output: string }>} with the last part of what it printed
 */
export function runQuietly(command, args, { cwd } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk).slice(-MAX_OUTPUT_CHARACTERS);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: output.trim() }));
  });
}
