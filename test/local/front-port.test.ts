import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrontPort } from '../../local/fleet-runner/front-port';
import { systemClock } from '../../local/fleet-runner/system-clock';
import { eventually } from '../helpers/eventually';

const cleanUps: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

interface Gateway {
  port: number;
  sockets: Socket[];
  /** Closes the port, and cuts what is connected. */
  die: () => Promise<void>;
}

/** A gateway that does with each connection what the test says. */
async function startGateway(onConnection: (socket: Socket) => void, port = 0): Promise<Gateway> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const die = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  cleanUps.push(() => (server.listening ? die() : undefined));
  return { port: (server.address() as AddressInfo).port, sockets, die };
}

/** Says its name to whoever sends something, then ends. */
function namedGateway(name: string): Promise<Gateway> {
  return startGateway((socket) => socket.once('data', () => socket.end(name)));
}

interface Front {
  front: FrontPort;
  /** Node ids whose readiness fails. */
  unready: Set<string>;
  add: (nodeId: string, gateway: { port: number }) => void;
}

async function startFront(gateways: Record<string, { port: number }>): Promise<Front> {
  const unready = new Set<string>();
  const nodeIds = new Map<number, string>();
  const front = new FrontPort({
    startCommand: String,
    port: 0,
    clock: systemClock,
    probeIntervalMs: 20,
    probe: async ({ port }) => !unready.has(nodeIds.get(port) ?? ''),
  });
  cleanUps.push(() => front.close());
  const add = (nodeId: string, { port }: { port: number }): void => {
    nodeIds.set(port, nodeId);
    front.targets.set(nodeId, { host: '127.0.0.1', port });
  };
  await front.listen();
  for (const [nodeId, gateway] of Object.entries(gateways)) add(nodeId, gateway);
  await eventually(() => front.targets.healthyNodeIds().length === Object.keys(gateways).length);
  return { front, unready, add };
}

function open(front: FrontPort): Socket {
  const socket = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true });
  cleanUps.push(() => void socket.destroy());
  socket.on('error', () => undefined);
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await once(socket, 'end');
  return Buffer.concat(pieces).toString();
}

const PAGE_REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const WEBSOCKET_REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n';

async function ask(front: FrontPort, request = PAGE_REQUEST): Promise<string> {
  const socket = open(front);
  socket.write(request);
  const answer = await readAll(socket);
  socket.end();
  return answer;
}

test('connections take turns over the gateways', async () => {
  const { front } = await startFront({ a: await namedGateway('a'), b: await namedGateway('b') });
  const answers = [await ask(front), await ask(front), await ask(front), await ask(front)];
  expect(answers.toSorted()).toEqual(['a', 'a', 'b', 'b']);
  expect(answers[0]).not.toBe(answers[1]);
});

test('WebSockets take turns of their own, however many connections a page opens', async () => {
  const { front } = await startFront({ a: await namedGateway('a'), b: await namedGateway('b') });
  await ask(front);
  const first = await ask(front, WEBSOCKET_REQUEST);
  await ask(front);
  const second = await ask(front, WEBSOCKET_REQUEST);
  expect([first, second].toSorted()).toEqual(['a', 'b']);
});

test('a request that arrives in pieces is still recognised', async () => {
  const { front } = await startFront({ a: await namedGateway('a'), b: await namedGateway('b') });
  const slowly = async (): Promise<string> => {
    const socket = open(front);
    socket.setNoDelay(true);
    for (const piece of WEBSOCKET_REQUEST.match(/.{1,20}/gs) ?? []) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return readAll(socket);
  };
  const answers = [await slowly(), await slowly()];
  expect(answers.toSorted()).toEqual(['a', 'b']);
});

test('both addresses of localhost are served', async () => {
  const { front } = await startFront({ a: await namedGateway('a') });
  for (const host of ['127.0.0.1', 'localhost']) {
    const socket = connect({ port: front.port, host });
    cleanUps.push(() => void socket.destroy());
    socket.write(PAGE_REQUEST);
    expect(await readAll(socket)).toBe('a');
  }
});

test('a gateway that refuses is skipped, and left out until it is ready again', async () => {
  const dead = await namedGateway('dead');
  const { front, unready } = await startFront({ dead, alive: await namedGateway('alive') });
  await dead.die();
  unready.add('dead');
  const answers = [await ask(front), await ask(front), await ask(front)];
  expect(answers).toEqual(['alive', 'alive', 'alive']);
  expect(front.targets.healthyNodeIds()).toEqual(['alive']);
});

test('a node that comes back at another port gets connections again', async () => {
  const first = await namedGateway('first');
  const { front, add } = await startFront({ a: first });
  await first.die();
  front.targets.remove('a');
  add('a', await namedGateway('second'));
  await eventually(() => front.targets.healthyNodeIds().length === 1);
  expect(await ask(front)).toBe('second');
});

test('failing readiness stops new connections and leaves live ones alone', async () => {
  const echo = await startGateway((socket) => void socket.pipe(socket));
  const { front, unready } = await startFront({ echo, other: await namedGateway('other') });
  const live: Socket[] = [];
  while (echo.sockets.length === 0) {
    const socket = open(front);
    live.push(socket);
    socket.write(PAGE_REQUEST);
    await once(socket, 'data');
  }
  unready.add('echo');
  await eventually(() => !front.targets.healthyNodeIds().includes('echo'));

  expect([await ask(front), await ask(front)]).toEqual(['other', 'other']);
  const socket = live.at(-1);
  socket?.write('still there?');
  const [answer] = (await once(socket ?? open(front), 'data')) as [Buffer];
  expect(answer.toString()).toBe('still there?');
});

test('when no gateway is ready, connections still try all of them, as an NLB does', async () => {
  const { front, unready } = await startFront({ a: await namedGateway('a') });
  unready.add('a');
  await eventually(() => front.targets.healthyNodeIds().length === 0);
  expect(await ask(front)).toBe('a');
});

test('without any gateway a connection is reset', async () => {
  const { front } = await startFront({});
  const socket = open(front);
  const error = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>;
  socket.on('connect', () => socket.write(PAGE_REQUEST));
  expect((await error)[0].code).toBe('ECONNRESET');
  await eventually(() => front.connectionCount === 0);
});

test('a client that has sent all still gets the whole answer', async () => {
  const answer = Buffer.alloc(4 * 1024 * 1024, 'x');
  const gateway = await startGateway((socket) => {
    socket.resume();
    // Answers only after the client's end: the half-close must have come through.
    socket.once('end', () => socket.end(answer));
  });
  const { front } = await startFront({ gateway });
  const socket = open(front);
  socket.end(PAGE_REQUEST);
  expect((await readAll(socket)).length).toBe(answer.length);
  await eventually(() => front.connectionCount === 0);
});

test('a gateway that has sent all still gets what the client sends', async () => {
  let received = 0;
  const gateway = await startGateway((socket) => {
    socket.on('data', (piece) => (received += piece.length));
    socket.end('that is all');
  });
  const { front } = await startFront({ gateway });
  const socket = open(front);
  socket.write(PAGE_REQUEST);
  expect(await readAll(socket)).toBe('that is all');
  const more = Buffer.alloc(2 * 1024 * 1024, 'y');
  socket.end(more);
  await eventually(() => received === PAGE_REQUEST.length + more.length);
  await eventually(() => front.connectionCount === 0);
});

test('a gateway that is cut off cuts its clients off', async () => {
  const gateway = await startGateway((socket) => socket.write('hello'));
  const { front } = await startFront({ gateway });
  const socket = open(front);
  socket.write(PAGE_REQUEST);
  await once(socket, 'data');
  const closed = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>;
  gateway.sockets[0]?.resetAndDestroy();
  expect((await closed)[0].code).toBe('ECONNRESET');
  await eventually(() => front.connectionCount === 0);
});

test('a client that is cut off is cut off at its gateway', async () => {
  const gateway = await startGateway((socket) => socket.write('hello'));
  const { front } = await startFront({ gateway });
  const socket = open(front);
  socket.write(PAGE_REQUEST);
  await once(socket, 'data');
  socket.resetAndDestroy();
  await eventually(() => gateway.sockets[0]?.destroyed === true);
  await eventually(() => front.connectionCount === 0);
});

test('a connection that never says anything holds no gateway, and ends with its client', async () => {
  const gateway = await startGateway(() => undefined);
  const { front } = await startFront({ gateway });
  const socket = open(front);
  await eventually(() => front.connectionCount === 1);
  expect(gateway.sockets).toHaveLength(0);
  socket.end();
  await eventually(() => front.connectionCount === 0);
  expect(gateway.sockets).toHaveLength(0);
});

test('a gateway that does not accept in time is skipped', async () => {
  const front = new FrontPort({
    startCommand: String,
    port: 0,
    clock: systemClock,
    connectTimeoutMs: 100,
    probe: async () => true,
  });
  cleanUps.push(() => front.close());
  await front.listen();
  // 192.0.2.0/24 is for documentation (RFC 5737): nothing answers there.
  front.targets.set('hanging', { host: '192.0.2.1', port: 9 });
  front.targets.set('alive', { host: '127.0.0.1', port: (await namedGateway('alive')).port });
  await eventually(() => front.targets.healthyNodeIds().length === 2);
  expect([await ask(front), await ask(front)]).toEqual(['alive', 'alive']);
});

test('many short connections leave nothing behind', async () => {
  const { front } = await startFront({ a: await namedGateway('a'), b: await namedGateway('b') });
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(front)));
  expect(answers.filter((answer) => answer === 'a')).toHaveLength(100);
  expect(answers.filter((answer) => answer === 'b')).toHaveLength(100);
  await eventually(() => front.connectionCount === 0);
});

test('close cuts every connection and gives the port back', async () => {
  const gateway = await startGateway((socket) => socket.write('hello'));
  const { front } = await startFront({ gateway });
  const socket = open(front);
  socket.write(PAGE_REQUEST);
  await once(socket, 'data');
  const ended = once(socket, 'end');
  await Promise.all([front.close(), front.close()]);
  await ended;
  const server = createHttpServer();
  cleanUps.push(() => void server.close());
  server.listen(front.port, '127.0.0.1');
  await once(server, 'listening');
});

test('a port in use is said in one line with the remedy', async () => {
  const gateway = await namedGateway('other program');
  const front = new FrontPort({
    startCommand: (port) => `try ${port}`,
    port: gateway.port,
    clock: systemClock,
    probe: async () => true,
  });
  cleanUps.push(() => front.close());
  await expect(front.listen()).rejects.toThrow(new RegExp(`^port ${gateway.port} is in use: try \\d+$`));
});
