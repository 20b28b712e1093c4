import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { sessionOpenedSchema, type SessionOpened } from '../../core/protocol/fleet-extensions';
import type { RunnerEvent } from '../../local/fleet-runner/runner-events';
import { eventually, PATIENCE_MS } from '../helpers/eventually';
import { FleetCommand } from '../helpers/fleet-command';

type Ready = Extract<RunnerEvent, { event: 'ready' }>;

const commands: FleetCommand[] = [];
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

afterAll(async () => {
  for (const command of commands) await command.killAll();
});

function startFleet(args: string[] = [], env: NodeJS.ProcessEnv = {}): FleetCommand {
  const command = FleetCommand.start(['up', '--json', '--port', '0', ...args], env);
  commands.push(command);
  return command;
}

interface Opened {
  socket: WebSocket;
  session: SessionOpened;
}

/** Connects a peer; rejects with what the server says when it refuses. */
async function connectPeer(url: string, query: Record<string, string>): Promise<Opened> {
  const parameters = new URLSearchParams({ resume: '1', ...query });
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/?${parameters.toString()}`, 'protoo');
  sockets.push(socket);
  const refused = once(socket, 'close').then(([code, reason]: unknown[]) => {
    throw new Error(`closed with ${String(code)} ${String(reason)}`);
  });
  refused.catch(() => undefined);
  const [raw] = (await Promise.race([once(socket, 'message'), refused])) as [Buffer];
  const message = JSON.parse(raw.toString()) as { method: string; data: unknown };
  if (message.method !== 'sessionOpened') throw new Error(raw.toString());
  return { socket, session: sessionOpenedSchema.parse(message.data) };
}

/** Whatever the run had is gone: processes, folder, front port, nodes' ports. */
async function expectNothingLeft(command: FleetCommand, timeoutMs = 0): Promise<void> {
  await eventually(
    async () => {
      const left = await command.processes();
      if (left.length > 0) throw new Error(`processes left: ${left.join(' ')}`);
      return true;
    },
    { timeoutMs },
  );
  for (const event of command.events) {
    if (event.event === 'starting') expect(existsSync(event.runFolder)).toBe(false);
    if (event.event !== 'ready') continue;
    const ports = [event.url, ...event.nodes.map((node) => node.httpUrl)].map((url) =>
      Number(new URL(url).port),
    );
    for (const port of ports) {
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    }
  }
}

describe('a running fleet', () => {
  let fleet: FleetCommand;
  let ready: Ready;

  beforeAll(async () => {
    fleet = startFleet(['--nodes', '2']);
    ready = await fleet.event('ready');
  });

  test('says where it is, and has the nodes that were asked for', () => {
    expect(ready.nodes.map((node) => node.nodeId)).toEqual([
      expect.stringMatching(/^i-[0-9a-f]{17}$/),
      expect.stringMatching(/^i-[0-9a-f]{17}$/),
    ]);
    expect(new URL(ready.url).hostname).toBe('localhost');
    expect(new URL(ready.console).hostname).toBe('localhost');
  });

  test('serves the room page at its one address', async () => {
    const response = await fetch(ready.url);
    expect(response.status).toBe(200);
    const page = await response.text();
    const script = /<script[^>]+src="([^"]+)"/.exec(page)?.[1];
    expect((await fetch(new URL(script ?? 'no script in the page', ready.url))).status).toBe(200);
  });

  test('two people reach one room through two gateways, at once after the start', async () => {
    const first = await connectPeer(ready.url, { roomId: 'one', peerId: 'alice' });
    await fetch(ready.url, { headers: { connection: 'close' } });
    const second = await connectPeer(ready.url, { roomId: 'one', peerId: 'bob' });
    const gateways = [first, second].map(({ session }) => session.gatewayNodeId);
    expect(gateways.toSorted()).toEqual(ready.nodes.map(({ nodeId }) => nodeId).toSorted());
    expect(second.session.mediaNodeId).toBe(first.session.mediaNodeId);
  });

  test('tells its state when it changes', async () => {
    await connectPeer(ready.url, { roomId: 'told', peerId: 'alice' });
    const status = await fleet.event('status', ({ rooms, peers }) => rooms >= 1 && peers >= 1);
    expect(status).toMatchObject({ nodesReady: 2, nodesTotal: 2, capacityEgressBps: 7_500_000_000 });
  });

  test('a node that was killed is reported, started again, and gets connections again', async () => {
    const [, killed] = ready.nodes;
    process.kill(killed?.pid ?? 0, 'SIGKILL');
    const nodeId = killed?.nodeId;
    expect(await fleet.event('node-died')).toMatchObject({ nodeId, reason: 'killed by SIGKILL' });
    expect((await fetch(ready.url)).status).toBe(200);
    const { node } = await fleet.event('node-restarted');
    expect(node).toMatchObject({ nodeId });
    expect(node.pid).not.toBe(killed?.pid);
    await eventually(async () => {
      const { session } = await connectPeer(ready.url, { roomId: 'again', peerId: 'alice' });
      return session.gatewayNodeId === nodeId;
    });
  });

  test('a Redis that was killed is started again, and rooms are placed again', async () => {
    const pids = await fleet.processes();
    const titles = await Promise.all(
      pids.map(async (pid) => ({ pid, title: await readFile(`/proc/${pid}/cmdline`, 'latin1') })),
    );
    const redis = titles.find(({ title }) => title.includes('redis-server '));
    process.kill(redis?.pid ?? 0, 'SIGKILL');
    await fleet.event('redis-restarted');
    await eventually(async () => {
      await connectPeer(ready.url, { roomId: 'after-redis', peerId: 'alice' });
      return true;
    });
  });

  test('Ctrl-C ends it, with people in rooms, and leaves nothing behind', async () => {
    await connectPeer(ready.url, { roomId: 'last', peerId: 'alice' });
    // npm passes a terminal's Ctrl-C on: it comes twice.
    fleet.child.kill('SIGINT');
    fleet.child.kill('SIGINT');
    expect(await fleet.exited).toEqual({ code: 0, signal: null });
    await expectNothingLeft(fleet);
  });
});

test('a runner that is killed leaves nothing behind after a while', async () => {
  const fleet = startFleet();
  const { url } = await fleet.event('ready');
  await connectPeer(url, { roomId: 'orphaned', peerId: 'alice' });
  fleet.child.kill('SIGKILL');
  await fleet.exited;
  await expectNothingLeft(fleet, PATIENCE_MS);
});

test('a node that hangs does not keep the fleet from ending', async () => {
  const fleet = startFleet(['--nodes', '1']);
  const { nodes } = await fleet.event('ready');
  process.kill(nodes[0]?.pid ?? 0, 'SIGSTOP');
  fleet.child.kill('SIGTERM');
  expect((await fleet.exited).code).toBe(0);
  await expectNothingLeft(fleet);
});

test.each(['SIGINT', 'SIGHUP'] as const)(
  '%s in the middle of the start leaves nothing behind',
  async (signal) => {
    const fleet = startFleet();
    await fleet.event('starting');
    fleet.child.kill(signal);
    expect((await fleet.exited).code).toBe(0);
    await expectNothingLeft(fleet);
  },
);

test('an output that nobody reads any more ends the fleet', async () => {
  const fleet = startFleet(['--nodes', '1']);
  await fleet.event('ready');
  fleet.child.stdout?.destroy();
  // The next thing that it has to say can not be said.
  process.kill((await fleet.event('ready')).nodes[0]?.pid ?? 0, 'SIGKILL');
  await fleet.exited;
  await expectNothingLeft(fleet);
});

test('with --no-restart a dead node stays away', async () => {
  const fleet = startFleet(['--nodes', '1', '--no-restart']);
  const { nodes } = await fleet.event('ready');
  process.kill(nodes[0]?.pid ?? 0, 'SIGKILL');
  const died = await fleet.event('node-died');
  expect(died).not.toHaveProperty('restartInMs');
  fleet.child.kill('SIGINT');
  await fleet.exited;
  expect(fleet.events.map(({ event }) => event)).not.toContain('node-restarted');
});

test('with --auth token people need a token, which `fleet token` makes with the key of the run', async () => {
  const fleet = startFleet(['--nodes', '1', '--auth', 'token']);
  const { url, link, keyFiles, nodes } = await fleet.event('ready');
  const linked = new URL(link).searchParams;
  await connectPeer(url, {
    roomId: linked.get('room') ?? '',
    peerId: 'carol',
    token: linked.get('token') ?? '',
  });
  const mint = async (...args: string[]): Promise<string> => {
    const { exit, stdout, stderr } = await FleetCommand.run(['token', ...args]);
    if (exit.code !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  const peerKeys = keyFiles?.peers ?? '';
  const [token, operatorToken] = await Promise.all([
    mint('--key-file', peerKeys, '--room', 'private', '--peer', 'alice'),
    mint('--key-file', keyFiles?.operators ?? '', '--operator'),
  ]);
  await connectPeer(url, { roomId: 'private', peerId: 'alice', token });
  await expect(connectPeer(url, { roomId: 'private', peerId: 'alice' })).rejects.toThrow('TOKEN_MISSING');
  await expect(connectPeer(url, { roomId: 'other', peerId: 'alice', token })).rejects.toThrow('WRONG_ROOM');

  const nodesUrl = `${nodes[0]?.httpUrl}/v1/nodes`;
  const asOperator = (bearer: string): RequestInit => ({ headers: { authorization: `Bearer ${bearer}` } });
  expect((await fetch(nodesUrl, asOperator(operatorToken))).status).toBe(200);
  expect((await fetch(nodesUrl, asOperator(token))).status).toBeGreaterThanOrEqual(401);
  // The runner's own view needs a token too.
  await fleet.event('status', ({ rooms, committedEgressBps }) => rooms > 0 && committedEgressBps > 0);
  fleet.child.kill('SIGINT');
  await fleet.exited;
  await expectNothingLeft(fleet);
});

test('nodes too small for any room are warned of at the start, with what they need', async () => {
  // A variable with an option is that option's default.
  const fleet = startFleet(['--nodes', '1'], { FLEET_CAPACITY_EGRESS_BPS: '5000000' });
  const { message } = await fleet.event('warning');
  expect(message).toMatch(/a new room reserves 6\.8 Mbit\/s .* a node has 5: --capacity-mbps 6\.8 or more$/);
  fleet.child.kill('SIGINT');
  await fleet.exited;
});

describe('what can not start is said in one line', () => {
  /** For temporary files, of these runs alone. */
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-test-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  /** Without --json, as a person reads it. */
  async function runUp(args: string[], env: NodeJS.ProcessEnv = {}): Promise<FleetCommand> {
    const command = await FleetCommand.run(['up', ...args], { TMPDIR: folder, ...env });
    expect(command.exit).toEqual({ code: 1, signal: null });
    expect(await command.processes()).toEqual([]);
    // tsx keeps its compiled files there, and they are not the fleet's.
    expect((await readdir(folder)).filter((name) => name.startsWith('fleet-'))).toEqual([]);
    return command;
  }

  test('a port in use, with the port to take instead', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { stderr } = await runUp(['--port', String(port), '--nodes', '3']);
    const suggested = /^fleet: port \d+ is in use: npm start -- --nodes 3 --port (\d+)\n$/.exec(stderr)?.[1];
    expect(Number(suggested)).toBeGreaterThan(port);
    other.close();
  });

  test('a part that is missing, with what to do', async () => {
    const { stderr } = await runUp(['--port', '0'], { REDIS_SERVER_BIN: '/nowhere/redis-server' });
    expect(stderr).toMatch(/^fleet: REDIS_SERVER_BIN is set to .*: correct or unset it\n$/);
  });

  test('a Redis that does not start', async () => {
    const script = join(folder, 'redis-server');
    await writeFile(script, '#!/bin/sh\n[ "$1" = --version ] && echo v=7.0.0\n', { mode: 0o755 });
    const { stderr } = await runUp(['--port', '0'], { REDIS_SERVER_BIN: script });
    expect(stderr).toBe(`fleet: ${script} did not start: it said nothing\n`);
  });

  test('a node that does not start, with its own words, when all the rest runs already', async () => {
    const { stderr } = await runUp(['--port', '0'], { FLEET_LOG_LEVEL: 'nonsense' });
    expect(stderr).toMatch(/^fleet: i-[0-9a-f]+ did not start: .*FLEET_LOG_LEVEL.*\n$/);
  });

  // In /proc a missing folder's parent is there, and nobody can make anything in it.
  test.each(['/dev/null/logs', '/proc/nope'])(
    'a folder for logs that can not be made: %s',
    async (folder) => {
      const { stderr } = await runUp(['--port', '0', '--log-folder', folder]);
      expect(stderr).toBe(`fleet: can not make the folder ${folder}: choose another --log-folder\n`);
    },
  );
});
