import { StreamAdapter, type EventSourceLike } from '../../../web/console/adapters/stream-adapter';
import type { Connection, Feed } from '../../../web/console/adapters/adapter';
import { ManualClock } from '../../helpers/manual-clock';

class FakeEventSource implements EventSourceLike {
  closed = false;
  private readonly listeners = new Map<string, (event: { data?: unknown; lastEventId?: string }) => void>();

  constructor(readonly url: string) {}

  addEventListener(name: string, listener: (event: { data?: unknown; lastEventId?: string }) => void): void {
    this.listeners.set(name, listener);
  }

  close(): void {
    this.closed = true;
  }

  say(name: string, data?: unknown, lastEventId = ''): void {
    this.listeners.get(name)?.({ data: JSON.stringify(data), lastEventId });
  }
}

const entry = { sequence: 1, atMs: 1, kind: 'test', tone: 'neutral', text: 'seen' };

function setUp(answer = new Response(null, { status: 204 })) {
  const clock = new ManualClock();
  const feeds: Feed[] = [];
  const sources: FakeEventSource[] = [];
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  let otherRuns = 0;
  const adapter = new StreamAdapter({
    url: 'api/',
    token: 'secret',
    feed: (feed) => feeds.push(feed),
    onOtherRun: () => (otherRuns += 1),
    openEventSource: (url) => {
      const source = new FakeEventSource(url);
      sources.push(source);
      return source;
    },
    fetch: async (url, init) => {
      asked.push({ url: url as string, init });
      return answer;
    },
    clock,
  });
  const phase = () =>
    feeds
      .filter((feed): feed is { kind: 'connection'; connection: Connection } => feed.kind === 'connection')
      .at(-1)?.connection.phase;
  const newest = () => {
    const source = sources.at(-1);
    if (!source) throw new Error('nothing was opened');
    return source;
  };
  adapter.start();
  return { adapter, clock, feeds, sources, asked, phase, newest, otherRuns: () => otherRuns };
}

test('a broken stream is opened again after what the page has', async () => {
  const { clock, phase, newest, sources, feeds } = setUp();
  newest().say('hello', { runId: 'a', history: [] });
  newest().say('state', {});
  newest().say('entry', entry, 'a.1');
  expect(phase()).toBe('live');

  newest().say('error');
  expect(phase()).toBe('lost');
  expect(sources[0]?.closed).toBe(true);
  await clock.advance(2_000);

  expect(sources).toHaveLength(2);
  expect(newest().url).toBe('api/stream?lastEventId=a.1');
  newest().say('hello', { runId: 'a', history: [] });
  newest().say('state', {});
  expect(phase()).toBe('live');
  expect(feeds.filter(({ kind }) => kind === 'entries')).toHaveLength(1);
});

test('a server that has gone silent counts as lost', async () => {
  const { clock, phase, newest } = setUp();
  newest().say('state', {});
  await clock.advance(5_000);
  newest().say('state', {});
  await clock.advance(5_000);
  expect(phase()).toBe('live');
  await clock.advance(1_500);
  expect(phase()).toBe('lost');
});

test('what an old stream still says is not believed', () => {
  const { newest, sources, feeds } = setUp();
  newest().say('error');
  const before = feeds.length;
  sources[0]?.say('state', {});
  expect(feeds).toHaveLength(before);
});

test('another run is told, and nothing of it shown', () => {
  const { newest, clock, feeds, otherRuns } = setUp();
  newest().say('hello', { runId: 'a', history: [] });
  newest().say('hello', { runId: 'b', history: [] });

  expect(otherRuns()).toBe(1);
  expect(feeds.filter(({ kind }) => kind === 'history')).toHaveLength(1);
  expect(clock.waiting).toBe(0);
});

test('trouble behind the server is told with its words', () => {
  const { newest, feeds } = setUp();
  newest().say('trouble', { message: 'Redis is away' });
  expect(feeds.at(-1)).toEqual({
    kind: 'connection',
    connection: { phase: 'trouble', message: 'Redis is away' },
  });
});

test('a control carries the token, and a refusal its words', async () => {
  const { adapter, asked } = setUp();
  await adapter.control('cordon', { nodeId: 'node-1' });
  expect(asked).toEqual([
    {
      url: 'api/controls/cordon',
      init: {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'fleet-console-token': 'secret' },
        body: '{"nodeId":"node-1"}',
      },
    },
  ]);

  const refusing = setUp(Response.json({ message: 'no such node' }, { status: 404 }));
  await expect(refusing.adapter.control('cordon', { nodeId: 'x' })).rejects.toThrow('no such node');
  const broken = setUp(new Response('<html>', { status: 502 }));
  await expect(broken.adapter.control('cordon', { nodeId: 'x' })).rejects.toThrow('502');
});

test('closed it opens nothing more', async () => {
  const { adapter, clock, newest, sources } = setUp();
  newest().say('error');
  adapter.close();
  adapter.close();
  await clock.advance(60_000);
  expect(sources).toHaveLength(1);
  expect(clock.waiting).toBe(0);
});
