import { OPTION_VARIABLES, refusedVariable, RUN_VARIABLES } from '../../../local/command-line/run-variables';
import { tooSmallForARoom } from '../../../local/fleet-runner/room-minimum';

test('every variable that a run sets for its nodes is an option, or refused from outside', () => {
  const set = nodeEnvironment({
    nodeId: 'node-1',
    fleet: { auth: 'token', workers: 1 },
    host: '127.0.0.1',
    redisUrl: 'unix:///redis.sock',
    redisPrefix: 'fleet',
    workerBin: '/worker',
    webRoot: '/web',
    linkSecret: 'secret',
    tokenKeys: [],
    adminTokenKeys: [],
    stopTimeoutMs: 1,
  });
  const handled = new Set([...Object.keys(OPTION_VARIABLES), ...Object.keys(RUN_VARIABLES)]);
  const silent = Object.keys(set).filter((name) => name.startsWith('FLEET_') && !handled.has(name));
  expect(silent).toEqual([]);
});

test('a variable of the run is refused by name, an empty one counts as not set', () => {
  expect(refusedVariable({ FLEET_HTTP_PORT: '8080' })).toMatch(/^FLEET_HTTP_PORT .*--port$/);
  expect(refusedVariable({ FLEET_HTTP_PORT: '', FLEET_LOG_LEVEL: 'debug' })).toBeUndefined();
});

test('a node is too small below what a new room of the expected size reserves', () => {
  const warning = (capacityMbps?: number, expectedPeers?: string) =>
    tooSmallForARoom({ capacityMbps, expectedPeers });
  expect(warning(6.7)).toContain('6.8 Mbit/s (4 people)');
  expect([warning(6.8), warning()]).toEqual([undefined, undefined]);
  // Two people send each other one picture: less.
  expect(warning(5, '2')).toBeUndefined();
});
