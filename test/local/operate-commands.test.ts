import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeRecord } from '../../core/placement/placement-port';
import { TestNodes } from '../helpers/fleet-node';
import { runFleet, type FleetAnswer } from '../helpers/run-fleet';
import { SignallingPeer } from '../helpers/signalling-peer';

/** The operator's commands against two real nodes. */

const KEYS = JSON.stringify([{ kid: 'ops', alg: 'HS256', secret: 'o'.repeat(32) }]);
const ROOM = 'a room/1';

let fleet: TestNodes;
let peer: SignallingPeer;

beforeAll(async () => {
  fleet = await TestNodes.start({ count: 2, env: { FLEET_ADMIN_TOKEN_KEYS: KEYS } });
  await fleet.onlyPlaceOn(0);
  peer = await SignallingPeer.connect({ url: fleet.url(0), roomId: ROOM, peerId: 'ada' });
  await peer.join({ publish: false });
});

afterAll(async () => {
  await peer.close();
  await fleet.close();
});

function operate(args: string[], env: NodeJS.ProcessEnv = {}): Promise<FleetAnswer> {
  const url = `http://127.0.0.1:${fleet.node(0).httpPort}`;
  return runFleet(args, { FLEET_URL: url, FLEET_ADMIN_TOKEN_KEYS: KEYS, ...env });
}

test('a node is cordoned, listed with the reason, drained with a deadline, and taken back', async () => {
  const { nodeId } = fleet.node(1);
  expect(await operate(['cordon', nodeId, '--reason', 'new disk'])).toEqual({
    status: 0,
    stdout: 'node-b is CORDONED\n',
    stderr: '',
  });
  const listed = await operate(['nodes']);
  expect(listed.stdout.split('\n')[0]).toMatch(/^NODE +STATE +USED +ROOMS +PEERS +RELEASE +DRAIN$/);
  expect(listed.stdout).toMatch(/^node-a +SERVING +\d+ % +1 +1 +/m);
  expect(listed.stdout).toMatch(/^node-b +CORDONED +0 % +0 +0 +\S+ +cordoned: new disk$/m);

  const drained = await operate(['drain', nodeId, '--deadline', '2h', '--json']);
  const answer = JSON.parse(drained.stdout) as { nodeId: string; state: string };
  expect(answer.nodeId).toBe(nodeId);
  expect(answer.state).toMatch(/DRAIN|CORDONED/);
  const { nodes } = JSON.parse((await operate(['nodes', '--json'])).stdout) as { nodes: NodeRecord[] };
  const drain = nodes.find((node) => node.nodeId === nodeId)?.drain;
  expect((drain?.deadlineAtMs ?? 0) - (drain?.issuedAtMs ?? 0)).toBe(7_200_000);
  expect((await operate(['nodes'])).stdout).toMatch(
    /^node-b +(DRAINING .*operator: new disk; .*deadline in 120 min|DRAINED .*operator: new disk; empty, 0 moved)$/m,
  );

  expect((await operate(['uncordon', nodeId])).stdout).toBe('node-b is SERVING\n');
});

test('rooms are listed with their peers and nodes', async () => {
  const { stdout } = await operate(['rooms']);
  expect(stdout).toMatch(/^a room\/1 +1 +node-a$/m);
});

test.each([
  [['drain', 'node-x'], 'fleet: FLEET_ERR_NOT_FOUND: there is no node node-x'],
  [['cordon'], "fleet: missing required argument 'node'"],
  [['drain', 'node-a', '--deadline', '49h'], 'and at most 48h.'],
  [['drain', 'node-a', '--deadline', '90s'], 'It must be whole minutes, such as 2m'],
  [['nodes', '--region', 'eu-central-1'], 'fleet: --region belongs to --secret-arn'],
  [['nodes', '--token', 'nonsense'], 'fleet: FLEET_ERR_TOKEN_INVALID'],
  [['nodes', '--url', 'http://127.0.0.1:9'], 'fleet: http://127.0.0.1:9 does not answer'],
])('fleet %j fails with one clear line', async (args, message) => {
  const { status, stdout, stderr } = await operate(args);
  expect(stderr).toContain(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(status).toBeGreaterThan(0);
});

test('without a token the fleet says that one is missing', async () => {
  const { stderr } = await operate(['nodes'], { FLEET_ADMIN_TOKEN_KEYS: undefined });
  expect(stderr).toContain('fleet: FLEET_ERR_TOKEN_MISSING');
});

test('what is no fleet is called so', async () => {
  const server: Server = createServer((_request, response) => response.end('<html>hello</html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { status, stderr } = await operate(['nodes', '--url', `http://127.0.0.1:${port}`]);
  await new Promise((resolve) => server.close(resolve));
  expect(stderr).toBe(`fleet: http://127.0.0.1:${port} answered 200: it is no fleet's gateway\n`);
  expect(status).toBe(1);
});
