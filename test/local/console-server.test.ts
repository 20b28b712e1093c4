import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consoleStateSchema } from '../../core/protocol/console';
import { consolePipeSchema } from '../../core/protocol/console-pipes';
import { CONSOLE_TOKEN_HEADER } from '../../core/protocol/console-token';
import { ConsoleServer } from '../../local/console/console-server';
import { EventStreamReader } from '../helpers/event-stream';
import { eventually } from '../helpers/eventually';
import { FakeConsoleSource } from '../helpers/fake-console-source';
import { ManualClock } from '../helpers/manual-clock';

const PAGE_ROOT = join(__dirname, '..', '..', 'web', 'console');

let clock: ManualClock;
let source: FakeConsoleSource;
let server: ConsoleServer;
let readers: EventStreamReader[];

beforeEach(async () => {
  clock = new ManualClock();
  source = new FakeConsoleSource({ clock });
  server = await ConsoleServer.start({ source, pageRoot: PAGE_ROOT, port: 0, clock });
  readers = [];
});

afterEach(async () => {
  for (const reader of readers) reader.close();
  await server.close();
  source.close();
});

interface Sent {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** With headers that fetch would not let us choose. */
function send(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Sent> {
  const { body: text, ...rest } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, server.url), { agent: false, ...rest }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

async function pageToken(): Promise<string> {
  const { body } = await send('/');
  return /name="fleet-console-token" content="([^"]*)"/.exec(body)?.[1] ?? '';
}

async function control(
  name: string,
  payload: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; code?: string; message?: string }> {
  const { status, body } = await send(`/api/controls/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [CONSOLE_TOKEN_HEADER]: await pageToken(), ...headers },
    body: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return { status, ...(body === '' ? {} : (JSON.parse(body) as object)) };
}

async function read(options: Parameters<typeof EventStreamReader.open>[1] = {}): Promise<EventStreamReader> {
  const reader = await EventStreamReader.open(`${server.url}api/stream`, options);
  readers.push(reader);
  return reader;
}

const textOf = (data: unknown) => (data as { text: string }).text;

describe('the page', () => {
  it.each(['/', '/index.html'])('%s has the token of this run and may not be framed', async (path) => {
    const { status, headers, body } = await send(path);

    expect(status).toBe(200);
    expect(body).toMatch(/name="fleet-console-token" content="[\w-]{43}"/);
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('may be linked to from another page, its API may not be called from there', async () => {
    const headers = { 'sec-fetch-site': 'same-site' };

    expect((await send('/', { headers })).status).toBe(200);
    expect((await send('/api/state', { headers })).status).toBe(403);
    expect((await send('/api/stream', { headers })).status).toBe(403);
  });

  it('is missing: the start fails with its name', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'console-'));
    const start = ConsoleServer.start({ source, pageRoot: empty, port: 0, clock });

    await expect(start).rejects.toThrow(`${join(empty, 'index.html')} is missing`);
    await rm(empty, { recursive: true });
  });

  it('cannot be on a port that is taken', async () => {
    const port = Number(new URL(server.url).port);
    const before = clock.waiting;

    await expect(ConsoleServer.start({ source, pageRoot: PAGE_ROOT, port, clock })).rejects.toThrow(
      `can not listen on port ${port}`,
    );
    expect(clock.waiting).toBe(before);
  });
});

describe('strangers', () => {
  it.each([
    ['a name that resolves to this machine', { host: 'evil.example' }],
    ['no host but a user', { host: 'localhost@evil.example' }],
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port', { origin: 'http://localhost:1' }],
    ['a page without an origin of its own', { origin: 'null' }],
  ])('%s reads nothing', async (_who, headers: Record<string, string>) => {
    for (const path of ['/', '/api/state', '/api/events', '/api/stream']) {
      const { status, body } = await send(path, { headers });
      expect({ path, status }).toEqual({ path, status: 403 });
      expect(JSON.parse(body)).toMatchObject({ code: 'FLEET_ERR_FORBIDDEN' });
    }
  });

  it('a page of another site changes nothing, even with the token', async () => {
    expect(
      await control('kill-node', { nodeId: 'node-1' }, { origin: 'https://evil.example' }),
    ).toMatchObject({
      status: 403,
    });
    expect(source.controls).toEqual([]);
  });

  it.each([
    ['', 'FLEET_ERR_TOKEN_MISSING'],
    ['wrong', 'FLEET_ERR_TOKEN_INVALID'],
    ['x'.repeat(43), 'FLEET_ERR_TOKEN_INVALID'],
  ])('with the token "%s" nothing is changed', async (token, code) => {
    const refused = await control('kill-node', { nodeId: 'node-1' }, { [CONSOLE_TOKEN_HEADER]: token });

    expect(refused).toMatchObject({ status: 401, code });
    expect(source.controls).toEqual([]);
  });

  it('the token of one run is of no use in another', async () => {
    const token = await pageToken();
    const other = await ConsoleServer.start({ source, pageRoot: PAGE_ROOT, port: 0, clock });
    const response = await fetch(`${other.url}api/controls/cut-redis`, {
      method: 'POST',
      headers: { [CONSOLE_TOKEN_HEADER]: token },
    });
    await other.close();

    expect(response.status).toBe(401);
  });
});

describe('the API', () => {
  it('gives the state', async () => {
    const { body } = await send('/api/state');

    expect(consoleStateSchema.parse(JSON.parse(body)).nodes.map(({ nodeId }) => nodeId)).toEqual([
      'node-1',
      'node-2',
    ]);
  });

  it('says why the state can not be read', async () => {
    source.trouble = new Error('Redis is away');
    const { status, body } = await send('/api/state');

    expect(status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ code: 'FLEET_ERR_INTERNAL', message: 'Redis is away' });
  });

  it('gives the newest events after a number', async () => {
    for (const text of ['a', 'b', 'c']) source.note('test', 'neutral', text);
    const last = source.events(0).at(-1)?.sequence ?? 0;
    const { body } = await send(`/api/events?after=${last - 3}&limit=2`);

    const { events } = JSON.parse(body) as { events: { text: string }[] };
    expect(events.map(({ text }) => text)).toEqual(['b', 'c']);
  });

  it.each(['after=-1', 'after=x', 'limit=0', 'limit=100000', 'unknown=1'])('refuses ?%s', async (query) => {
    const { status, body } = await send(`/api/events?${query}`);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ code: 'FLEET_ERR_BAD_REQUEST' });
  });

  it('hands a control on, with its defaults', async () => {
    expect(await control('drain', { nodeId: 'node-1' })).toEqual({ status: 204 });
    expect(await control('add-load', { rooms: 2 })).toEqual({ status: 204 });

    expect(source.controls).toEqual([
      { name: 'drain', payload: { nodeId: 'node-1', deadlineMinutes: 30 } },
      { name: 'add-load', payload: { rooms: 2, peersPerRoom: 4 } },
    ]);
  });

  it.each([
    ['drain', {}, 400, 'nodeId'],
    ['drain', { nodeId: 7 }, 400, 'nodeId'],
    ['drain', { nodeId: 'node-1', deadlineMinutes: 0 }, 400, 'deadlineMinutes'],
    ['drain', { nodeId: 'node-1', deadline: 5 }, 400, 'deadline'],
    ['add-load', { rooms: 1e9 }, 400, 'rooms'],
    ['add-load', { peersPerRoom: 3, publishers: 4 }, 400, 'publishers'],
    ['set-desired-capacity', { desired: 1.5 }, 400, 'desired'],
    ['set-desired-capacity', [], 400, ''],
    ['cut-redis', 'no JSON', 400, ''],
    ['cut-redis', `{"__proto__": {"polluted": true}}`, 400, ''],
    ['reboot-everything', {}, 404, 'no such control'],
    ['toString', {}, 404, 'no such control'],
    ['kill-node', { nodeId: 'nobody' }, 404, 'no such node'],
  ])('%s with %j is refused with %i', async (name, payload, status, message) => {
    const refused = await control(name, payload);

    expect(refused).toMatchObject({ status, code: expect.stringMatching(/^FLEET_ERR_/) as string });
    expect(refused.message).toContain(message);
    expect(source.controls).toEqual([]);
  });

  it('reads no more than a control can need', async () => {
    expect(await control('cordon', { nodeId: 'node-1', reason: 'x'.repeat(20_000) })).toMatchObject({
      status: 413,
      code: 'FLEET_ERR_MESSAGE_TOO_LARGE',
    });
  });

  it('reads nothing but JSON', async () => {
    expect(await control('cut-redis', 'a=1', { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
    });
    expect(source.controls).toEqual([]);
  });
});

describe('the stream', () => {
  it('says hello, then gives the state at once and each second', async () => {
    const reader = await read();

    expect(reader.response.headers['content-type']).toContain('text/event-stream');
    await reader.wait('hello');
    await reader.wait('state');
    await clock.advance(1_000);
    await clock.advance(1_000);
    await eventually(() => reader.of('state').length === 3);
    for (const { data } of reader.of('state')) consoleStateSchema.parse(data);
  });

  it('tells a new page how the pool did before it came', async () => {
    for (let step = 0; step < 30; step += 1) await clock.advance(1_000);
    const { data } = await (await read()).wait('hello');

    const { history } = data as { history: { atMs: number; utilization: number; desired: number }[] };
    expect(history.length).toBe(6);
    expect(history.at(-1)).toMatchObject({ desired: 2, utilization: expect.any(Number) as number });
  });

  it('gives events as they come, and goes on where a broken one ended', async () => {
    const first = await read();
    source.note('test', 'neutral', 'seen');
    const seen = await first.wait('entry', ({ data }) => textOf(data) === 'seen');
    first.close();
    await eventually(() => server.readers === 0);
    source.note('test', 'neutral', 'missed');

    const second = await read({ headers: { 'last-event-id': seen.id ?? '' } });
    source.note('test', 'neutral', 'new');
    await second.wait('entry', ({ data }) => textOf(data) === 'new');
    expect(second.of('entry').map(({ data }) => textOf(data))).toEqual(['missed', 'new']);

    const byQuery = await EventStreamReader.open(`${server.url}api/stream?lastEventId=${seen.id}`);
    readers.push(byQuery);
    await byQuery.wait('entry', ({ data }) => textOf(data) === 'new');
    expect(byQuery.of('entry')).toHaveLength(2);
  });

  it.each(['', 'other.3', 'nonsense', '.', 'x.-1', `${'9'.repeat(30)}.1`])(
    'begins anew after "%s", with the newest events only',
    async (lastEventId) => {
      for (let index = 0; index < 1_000; index += 1) source.note('test', 'neutral', `event ${index}`);
      const reader = await read({ headers: { 'last-event-id': lastEventId } });

      await reader.wait('entry', ({ data }) => textOf(data) === 'event 999');
      expect(reader.of('entry')).toHaveLength(300);
    },
  );

  it('says when the state can not be read, and that it can again', async () => {
    source.trouble = new Error('Redis is away');
    const reader = await read();
    expect((await reader.wait('trouble')).data).toEqual({ message: 'Redis is away' });

    source.trouble = undefined;
    await clock.advance(1_000);
    await reader.wait('state');
  });

  it('lets a reader go that takes nothing; others get everything meanwhile', async () => {
    const stuck = await read({ paused: true });
    const reader = await read();
    await reader.wait('state');
    // Far more than what sockets hold.
    for (let index = 0; index < 300; index += 1) {
      source.note('test', 'neutral', `${index} ${'x'.repeat(100_000)}`);
      if (index % 20 === 0) await clock.advance(1_000);
    }
    await reader.wait('entry', ({ data }) => textOf(data).startsWith('299 '));
    expect(server.readers).toBe(2);

    for (let second = 0; second < 40; second += 1) await clock.advance(1_000);
    await eventually(() => server.readers === 1);
    expect(stuck.of('entry').length).toBeLessThan(300);
    expect(reader.ended).toBe(false);
  });

  it('takes a bounded number of readers', async () => {
    for (let index = 0; index < 24; index += 1) await read();
    const { status, body } = await send('/api/stream');
    expect(status).toBe(429);
    expect(JSON.parse(body)).toMatchObject({ code: 'FLEET_ERR_RATE_LIMITED' });

    readers[0]?.close();
    await eventually(() => server.readers === 23);
    await (await read()).wait('hello');
  });
});

it('leaves nothing behind', async () => {
  const reader = await read();
  await reader.wait('state');
  const { url } = server;

  await Promise.all([server.close(), server.close()]);

  await eventually(() => reader.ended);
  await expect(fetch(url)).rejects.toThrow();
  source.close();
  expect(clock.waiting).toBe(0);
  expect(server.readers).toBe(0);
});

test('how the pipes of a room fare is told of rooms that are', async () => {
  const { rooms } = await source.state();
  const roomId = rooms.list[0]?.roomId ?? '';
  const { status, body } = await send(`/api/rooms/${encodeURIComponent(roomId)}/pipes`);
  expect(status).toBe(200);
  const { pipes } = JSON.parse(body) as { pipes: unknown[] };
  expect(pipes.map((pipe) => consolePipeSchema.parse(pipe))).toHaveLength(1);
  expect((await send('/api/rooms/nobody/pipes')).status).toBe(404);
});
