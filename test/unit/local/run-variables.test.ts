import { instanceEnvironment } from '../../../local/fleet-runner/instance-environment';
import { OPTION_VARIABLES, refusedVariable, RUN_VARIABLES } from '../../../local/command-line/run-variables';
import { tooSmallForARoom } from '../../../local/fleet-runner/room-minimum';

test('every variable that a run sets for its nodes is an option, or refused from outside', () => {
  const set = instanceEnvironment({
    instance: {
      instanceId: 'i-1',
      address: { host: '127.0.0.2', ports: { http: 1, link: 2, mediaBase: 3 } },
      imageFolder: '/image',
      metadataUrl: 'http://127.0.0.2:4',
      userDataVariables: {},
    },
    fleet: { auth: 'token', workers: 1 },
    inherited: {},
    access: {},
    store: { host: '127.0.0.1', port: 5 },
    workerBin: '/worker',
    clockSpeed: { speed: 10, originMs: 0 },
    consoleUrl: 'http://localhost:6/',
  });
  const handled = new Set([...Object.keys(OPTION_VARIABLES), ...Object.keys(RUN_VARIABLES)]);
  const silent = Object.keys(set).filter((name) => name.startsWith('FLEET_') && !handled.has(name));
  expect(silent).toEqual([]);
});

test("nothing of the user's own AWS account reaches a node, and an open fleet asks nobody for a token", () => {
  const env = instanceEnvironment({
    instance: {
      instanceId: 'i-1',
      address: { host: '127.0.0.2', ports: { http: 1, link: 2, mediaBase: 3 } },
      imageFolder: '/image',
      metadataUrl: 'http://127.0.0.2:4',
      userDataVariables: { FLEET_AUTH: 'token', FLEET_TOKEN_KEYS_SECRET_ARN: 'a', FLEET_SELECTOR: 'x' },
    },
    fleet: { auth: 'open', workers: 1 },
    inherited: { AWS_PROFILE: 'production', AWS_SESSION_TOKEN: 'x', PATH: '/bin', FLEET_LOG_LEVEL: 'debug' },
    access: { AWS_ENDPOINT_URL: 'http://127.0.0.1:7' },
    store: { host: '127.0.0.1', port: 5 },
    workerBin: '/worker',
    clockSpeed: { speed: 1, originMs: 0 },
    consoleUrl: undefined,
  });
  expect(env).toMatchObject({ PATH: '/bin', FLEET_LOG_LEVEL: 'debug', FLEET_AUTH: 'open' });
  expect(Object.keys(env).filter((name) => name.startsWith('AWS_'))).toEqual([
    'AWS_ENDPOINT_URL',
    'AWS_EC2_METADATA_SERVICE_ENDPOINT',
  ]);
  expect(env).not.toHaveProperty('FLEET_TOKEN_KEYS_SECRET_ARN');
  expect(env).not.toHaveProperty('FLEET_CLOCK');
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
