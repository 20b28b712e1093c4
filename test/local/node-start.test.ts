import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildNodeApp } from '../../scripts/build-node-app';
import { PATIENCE_MS } from '../helpers/eventually';

const run = promisify(execFile);

/** What a node that must not start says, by plain Node on the bundle. */
async function failedStart(
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { entry } = await buildNodeApp();
  const started = run(process.execPath, [entry], {
    env: { FLEET_AUTH: 'open', FLEET_HTTP_PORT: '0', FLEET_LINK_PORT: '0', ...env },
    timeout: PATIENCE_MS,
  });
  return started.then(
    () => {
      throw new Error('the node started');
    },
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

test.each<[string, NodeJS.ProcessEnv, string]>([
  [
    'nowhere',
    { MEDIASOUP_WORKER_BIN: '/nowhere/worker' },
    'FLEET_WORKER_BIN is not set, and no mediasoup worker is at /nowhere/worker: run npm run build',
  ],
  ['not where it was said to be', { FLEET_WORKER_BIN: '/nowhere' }, 'FLEET_WORKER_BIN is not an executable'],
])(
  'a node whose worker is %s ends with one line and the status of a wrong configuration',
  async (_, env, message) => {
    const { code, stdout, stderr } = await failedStart(env);
    expect(stdout.trimEnd().split('\n')).toEqual([expect.stringContaining(message)]);
    expect(stdout).not.toMatch(/\bat .*:\d+/);
    expect(stderr).toBe('');
    expect(code).toBe(78);
  },
);
