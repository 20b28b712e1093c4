import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface UserDataOptions {
  /** As the launch template has it, Base64. */
  userData: string;
  /** Stands for the instance's root folder; written into. */
  root: string;
  /** `meta-data/` items that the script may read, by path. */
  metadata: Readonly<Record<string, string>>;
}

/** What a machine of the fleet's image has, and the script writes or calls. */
const ENVIRONMENT_FILE = 'etc/mediasoup-fleet/fleet.env';
const AGENT_TEMPLATE = 'opt/mediasoup-fleet/cloudwatch-agent.json';
const AGENT = 'opt/aws/amazon-cloudwatch-agent';
/** A script that hangs is given up, milliseconds. */
const TIMEOUT_MS = 10_000;

const run = promisify(execFile);

/**
 * Runs an instance's user data, the real script of the template, and gives the environment that it wrote for the node's
 * service. Its absolute paths lie below `root`; the metadata service is answered by a function in place of curl, and
 * services are not started by it but by whoever called: neither curl nor systemd is on every machine.
 * @throws Error with what the script said
 */
export async function runUserData({
  userData,
  root,
  metadata,
}: UserDataOptions): Promise<Record<string, string>> {
  for (const folder of ['etc/mediasoup-fleet', 'opt/mediasoup-fleet', `${AGENT}/bin`, `${AGENT}/etc`]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await writeFile(join(root, AGENT_TEMPLATE), '{}\n');
  await writeFile(join(root, AGENT, 'bin/amazon-cloudwatch-agent-ctl'), '#!/bin/sh\nexit 0\n', {
    mode: 0o755,
  });
  const script = Buffer.from(userData, 'base64')
    .toString()
    .replaceAll('/etc/mediasoup-fleet/', `${root}/etc/mediasoup-fleet/`)
    .replaceAll('/opt/mediasoup-fleet/cloudwatch-agent.json', `${root}/${AGENT_TEMPLATE}`)
    .replaceAll('/opt/aws/', `${root}/opt/aws/`);
  const file = join(root, 'user-data.sh');
  await writeFile(file, `${prelude(metadata)}\n${script}`, { mode: 0o700 });
  try {
    await run('bash', [file], { timeout: TIMEOUT_MS, env: { PATH: process.env.PATH ?? '' } });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(`the user data failed: ${said || String(error)}`, { cause: error });
  }
  return parseEnvironment(await readFile(join(root, ENVIRONMENT_FILE), 'utf8'));
}

function prelude(metadata: Readonly<Record<string, string>>): string {
  const items = Object.entries(metadata).map(
    ([path, value]) => `    */meta-data/${path}) printf '%s' ${quote(value)} ;;`,
  );
  return [
    'curl() {',
    '  case "${@: -1}" in',
    "    */api/token) printf '%s' local ;;",
    ...items,
    '    *) return 22 ;;',
    '  esac',
    '}',
    'systemctl() { :; }',
    'chgrp() { :; }',
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A systemd EnvironmentFile, as far as the script writes one: NAME=value, a line each. */
function parseEnvironment(text: string): Record<string, string> {
  const lines = text.split('\n').flatMap((line) => {
    const equals = line.indexOf('=');
    return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1)] as const] : [];
  });
  return Object.fromEntries(lines);
}
