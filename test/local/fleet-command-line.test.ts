import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPERATOR_AUDIENCE, PEER_AUDIENCE } from '../../core/auth/token-claims';
import { FleetCommand } from '../helpers/fleet-command';
import { runFleet } from '../helpers/run-fleet';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-command-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('wrong arguments are one clear line and status 2', () => {
  test.each([
    [['upp'], "fleet: unknown command 'upp' (Did you mean up?); commands: up, token"],
    [['up', '--nods', '3'], "fleet: unknown option '--nods' (Did you mean --nodes?)"],
    [['up', '--nodes', '0'], 'It must be a whole number from 1 to 32.'],
    [['up', '--port', '70000'], 'It must be a whole number from 0 to 65535.'],
    [['up', '--capacity-mbps', '-5'], 'It must be a number above 0.'],
    [['up', '--auth', 'maybe'], 'Allowed choices are open, token.'],
    [['up', '--kind', 'cpuload'], 'fleet: --kind, --sort-by and --algorithm belong to --selector livekit'],
    [['up', 'extra'], "fleet: too many arguments for 'up'. Expected 0 arguments but got 1"],
    [['token'], 'fleet: --room is required (or --operator)'],
    [['token', '--operator', '--room', 'x'], "fleet: --operator goes without a peer's options"],
    [['token', '--room', 'x', '--url', 'localhost:3000'], 'It must be a URL such as http://localhost:3000.'],
    [['token', '--room', 'x', '--ttl', 'soon'], 'It must be a time such as 90s, 30m, 1h or 7d'],
  ])('fleet %j', async (args, message) => {
    const { status, stdout, stderr } = await runFleet(args);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test.each<[NodeJS.ProcessEnv, string[], string]>([
    [{ FLEET_AUTH: 'maybe' }, [], 'fleet: FLEET_AUTH, the default of --auth, is not valid. Allowed choices'],
    [{ FLEET_WORKERS: 'x' }, [], 'fleet: FLEET_WORKERS, the default of --workers, is not valid.'],
    [
      { FLEET_CAPACITY_EGRESS_BPS: '1.5' },
      [],
      'fleet: FLEET_CAPACITY_EGRESS_BPS, the default of --capacity-mbps',
    ],
    [{ FLEET_HTTP_PORT: '8080' }, [], 'fleet: FLEET_HTTP_PORT is not for npm start: nodes get free ports'],
    [
      { npm_lifecycle_event: 'start', npm_config_port: 'true' },
      ['8080'],
      'options go after --: npm start -- --port 8080',
    ],
    [
      { npm_lifecycle_event: 'start', npm_config_nodes: '3' },
      [],
      'fleet: options go after --: npm start -- --nodes 3',
    ],
  ])('fleet up with %j %j', async (env, args, message) => {
    const { status, stdout, stderr } = await runFleet(['up', ...args], env);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('no command at all prints the help', async () => {
    const { exit, stderr } = await FleetCommand.run([]);
    expect(stderr).toContain('Usage: fleet');
    expect(exit.code).toBe(2);
  });
});

test('help and version are answers, not errors', async () => {
  const [help, version] = await Promise.all([FleetCommand.run(['help']), FleetCommand.run(['--version'])]);
  expect(help.stdout).toContain('up [options]');
  expect(help.exit.code).toBe(0);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(version.exit.code).toBe(0);
});

describe('fleet token', () => {
  const secret = 'a secret of at least 32 characters';
  const keys = JSON.stringify([{ kid: 'first', alg: 'HS256', secret }]);

  function decode(token: string): { header: unknown; claims: Record<string, unknown> } {
    const [header = '', claims = ''] = token.split('.');
    const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    return { header: parse(header), claims: parse(claims) as Record<string, unknown> };
  }

  async function mint(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { status, stdout, stderr } = await runFleet(['token', ...args], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.trim();
  }

  test('makes a peer token with the key of the environment', async () => {
    const token = await mint(
      ['--room', 'demo', '--peer', 'alice', '--ttl', '30m', '--no-publish', '--subject', 'test'],
      { FLEET_TOKEN_KEYS: keys },
    );
    const { header, claims } = decode(token);
    expect(header).toMatchObject({ alg: 'HS256', kid: 'first' });
    expect(claims).toMatchObject({
      aud: PEER_AUDIENCE,
      room: 'demo',
      peer: 'alice',
      canPublish: false,
      canSubscribe: true,
      canPublishData: true,
      sub: 'test',
    });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(1_800);
    const [head, body, signature] = token.split('.');
    expect(signature).toBe(createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url'));
  });

  test('prints a whole link with --url', async () => {
    const link = new URL(
      await mint(['--room', 'demo', '--peer', 'alice', '--url', 'http://localhost:3000'], {
        FLEET_TOKEN_KEYS: keys,
      }),
    );
    expect(`${link.origin}${link.pathname}`).toBe('http://localhost:3000/');
    expect(link.searchParams.get('room')).toBe('demo');
    expect(link.searchParams.get('peer')).toBe('alice');
    expect(decode(link.searchParams.get('token') ?? '').claims).toMatchObject({
      room: 'demo',
      peer: 'alice',
    });
  });

  test("makes an operator token with the operators' own keys", async () => {
    const token = await mint(['--operator'], { FLEET_TOKEN_KEYS: '[]', FLEET_ADMIN_TOKEN_KEYS: keys });
    expect(decode(token).claims).toMatchObject({ aud: OPERATOR_AUDIENCE });
  });

  test('signs with an Ed25519 private key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const file = join(folder, 'private.pem');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const token = await mint(['--room', 'demo-*', '--key-file', file, '--kid', 'issuer']);
    expect(decode(token).header).toMatchObject({ alg: 'EdDSA', kid: 'issuer' });
    const [head, body, signature = ''] = token.split('.');
    const spki = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    expect(verify(null, Buffer.from(`${head}.${body}`), spki, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
  });

  test.each<[string, string[], NodeJS.ProcessEnv, string]>([
    [
      'without a key',
      [],
      {},
      'fleet: no key to sign with: give --key-file FILE (npm start -- --auth token prints it at "peer token")',
    ],
    [
      'with a file that is not there',
      ['--key-file', '/nowhere'],
      {},
      'fleet: can not read the key file /nowhere',
    ],
    [
      'with a key of that name missing',
      ['--kid', 'other'],
      { FLEET_TOKEN_KEYS: keys },
      'no HS256 key "other"',
    ],
    [
      'with keys that are not valid',
      [],
      { FLEET_TOKEN_KEYS: '[{"kid":"x","alg":"HS256","secret":"too short"}]' },
      'fleet: FLEET_TOKEN_KEYS is not a list of token keys: 0.secret is not valid',
    ],
  ])('%s says so in one line and never shows a secret', async (_case, args, env, message) => {
    const { status, stdout, stderr } = await runFleet(['token', '--room', 'demo', ...args], env);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('too short');
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });
});
