import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '../helpers/eventually';
import { overLink, type PipedNode } from '../helpers/piped-node';
import { PipedNodes } from '../helpers/piped-nodes';
import { UdpLink } from '../helpers/udp-link';

let nodes: PipedNodes;
let a: PipedNode;
let b: PipedNode;
let link: UdpLink;

beforeEach(async () => {
  nodes = new PipedNodes();
  link = new UdpLink();
  [a, b] = (await nodes.start({ a: { between: overLink(() => link) }, b: {} })) as [PipedNode, PipedNode];
});

afterEach(async () => {
  await nodes.close();
  await link.close();
});

const lanes = async () => [await a.lanes(), await b.lanes()];

/** Audio of a that is received at b. */
async function listening(ssrc: number) {
  const { producer } = await a.router.speaker(ssrc);
  const viewer = await b.router.view(a.router.announce(producer));
  await eventually(() => viewer.received() > 10);
  return { producer, viewer };
}

describe('a channel that breaks', () => {
  test('and is back within the grace: media goes on, and what happened meanwhile is seen', async () => {
    const { producer, viewer } = await listening(101);
    const closing = await listening(102);
    const seen: string[] = [];
    viewer.consumer.on('producerpause', () => seen.push('pause'));
    viewer.consumer.on('producerclose', () => seen.push('close'));
    closing.viewer.consumer.on('producerclose', () => seen.push('other closed'));

    nodes.channels.cut('a', 'b');
    // Nobody has noticed yet: this one is lost on its way.
    await producer.pause();
    await turn();
    for (const [node, other] of [
      [a, 'b'],
      [b, 'a'],
    ] as const)
      node.pipes.suspend(other);
    closing.producer.close();
    // Asked for while the channel is down.
    const late = await a.router.speaker(103);
    const holding = b.router.room.reachRemote(a.router.announce(late.producer));
    await viewer.consumer.pause();
    expect(seen).toEqual([]);

    nodes.channels.heal('a', 'b');
    a.pipes.resume('b');
    b.pipes.resume('a');
    expect((await holding).value.producer.id).toBe(late.producer.id);
    await eventually(() => seen.includes('pause') && seen.includes('other closed'));
    expect(seen).not.toContain('close');
    await producer.resume();
    await viewer.consumer.resume();
    const before = viewer.received();
    await eventually(() => viewer.received() > before + 10);
    expect(nodes.channels.of('open')).toHaveLength(1);
  }, 60_000);

  test('and doesn’t come back: both ends close, and a later pull begins anew', async () => {
    const { producer, viewer } = await listening(111);
    nodes.channels.cut('a', 'b');
    a.pipes.suspend('b');
    b.pipes.suspend('a');
    const other = await a.router.speaker(112);
    const holding = b.router.room.holdRemote(a.router.announce(other.producer));
    await turn();
    a.pipes.nodeLost('b');
    b.pipes.nodeLost('a');
    b.pipes.nodeLost('a');
    await expect(holding).rejects.toMatchObject({ code: 'FLEET_ERR_PIPE_CLOSED' });
    await eventually(async () => (await lanes()).join() === '0,0');
    expect(viewer.hold.value.producer.closed).toBe(true);

    nodes.channels.heal('a', 'b');
    const again = await b.router.view(a.router.announce(producer));
    await eventually(() => again.received() > 10);
  }, 60_000);

  test('and holds up more than it may: the other node counts as lost', async () => {
    const { viewer } = await listening(121);
    b.pipes.suspend('a');
    for (let turns = 0; turns < 300; turns += 1) {
      viewer.consumer.observer.emit(turns % 2 === 0 ? 'pause' : 'resume');
      b.pipes.openSource({ nodeId: 'a', routerId: 'r' }, quietSink(), 's');
    }
    await eventually(async () => (await b.lanes()) === 0);
    a.pipes.nodeLost('b');
    await eventually(async () => (await a.lanes()) === 0);
  }, 60_000);

  test('during the set-up, at any step: neither end is left with half a pipe', async () => {
    const { producer } = await a.router.speaker(131);
    for (const kind of ['openLane', 'laneOpened', 'pull', 'pulled', 'want']) {
      nodes.channels.tamper = (message) => {
        if (message.m === kind) nodes.channels.cut('a', 'b');
        return [message];
      };
      const sent = nodes.channels.of(kind).length;
      const viewing = b.router.room.holdRemote(a.router.announce(producer)).then(
        (hold) => hold.value.passOn(() => undefined).want({ spatialLayers: [0] }),
        () => undefined,
      );
      await eventually(() => nodes.channels.of(kind).length > sent);
      b.pipes.nodeLost('a');
      a.pipes.nodeLost('b');
      await viewing;
      await eventually(async () => (await lanes()).join() === '0,0');
      nodes.channels.tamper = (message) => [message];
      nodes.channels.heal('a', 'b');
    }
    const viewer = await b.router.view(a.router.announce(producer));
    await eventually(() => viewer.received() > 10);
  }, 90_000);
});

describe('a pipe of which one end is gone', () => {
  test('closes at the other with the next thing that is said', async () => {
    const { producer } = await listening(201);
    nodes.channels.cut('a', 'b');
    a.pipes.nodeLost('b');
    nodes.channels.heal('a', 'b');
    expect((await lanes()).join()).toBe('0,1');
    const other = await a.router.speaker(202);
    // It fails on the old pipe, and is tried again on a new one.
    const hold = await b.router.room.reachRemote(a.router.announce(other.producer));
    expect(hold.value.producer.id).toBe(other.producer.id);
    await eventually(async () => (await lanes()).join() === '1,1');
    const again = await b.router.view(a.router.announce(producer));
    await eventually(() => again.received() > 10);
  }, 60_000);

  test('when the worker of its source dies', async () => {
    const { viewer } = await listening(211);
    process.kill(a.router.test.worker.pid, 'SIGKILL');
    await eventually(() => viewer.hold.value.producer.closed);
    await eventually(async () => (await b.lanes()) === 0);
  }, 60_000);

  test('to a router that is no more is refused', async () => {
    const { producer } = await a.router.speaker(221);
    const stream = { ...a.router.announce(producer), routerId: 'gone', closed: true };
    await expect(b.router.room.reachRemote(stream)).rejects.toMatchObject({ code: 'FLEET_ERR_NOT_FOUND' });
    await eventually(async () => (await lanes()).join() === '0,0');
  }, 60_000);
});

test('a producer that closes while it is pulled leaves nothing', async () => {
  nodes.channels.delayMs = 5;
  const kept = await listening(301);
  for (let turns = 0; turns < 6; turns += 1) {
    const { producer, layers } = await a.router.camera([310 + 2 * turns, 311 + 2 * turns]);
    const holding = b.router.room.reachRemote(a.router.announce(producer)).catch((error: unknown) => error);
    const pulled = nodes.channels.of('pull').length;
    await eventually(() => nodes.channels.of('pull').length > pulled, { intervalMs: 1 });
    for (let step = 0; step < turns; step += 1) await a.router.test.worker.dump();
    for (const layer of layers) layer.stop();
    producer.close();
    const outcome = await holding;
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'FLEET_ERR_NOT_FOUND' });
  }
  await eventually(async () => (await b.router.test.counts()).producers === 1);
  const [outgoing] = await a.router.room.measurePipes();
  expect(outgoing?.producers.map(({ producerId }) => producerId)).toEqual([kept.producer.id]);
}, 60_000);

test('a node that doesn’t answer is given up after 5 s', async () => {
  const { producer } = await a.router.speaker(401);
  nodes.channels.tamper = (message) => (message.m === 'openLane' ? [] : [message]);
  const askedAt = performance.now();
  await expect(
    b.router.room.reachRemote({ ...a.router.announce(producer), closed: true }),
  ).rejects.toMatchObject({ code: 'FLEET_ERR_NODE_UNREACHABLE' });
  expect(performance.now() - askedAt).toBeGreaterThan(4_900);
  await eventually(async () => (await lanes()).join() === '0,0');
}, 60_000);

test('a pipe whose media doesn’t arrive is closed, and tried again until it does', async () => {
  link.cut = true;
  const { producer } = await a.router.speaker(501);
  const stream = a.router.announce(producer);
  const viewer = await b.router.view(stream);
  const startedAt = performance.now();
  const closed = new Promise<void>((resolve) => viewer.consumer.once('producerclose', () => resolve()));
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(9_000);
  await eventually(async () => (await lanes()).join() === '0,0');

  link.cut = false;
  const againAt = performance.now();
  const again = await b.router.view(stream);
  // It waits for a second first.
  expect(performance.now() - againAt).toBeGreaterThan(500);
  await eventually(() => again.received() > 10);
}, 60_000);

test('a pipe through which nobody sends anything stays', async () => {
  link.cut = true;
  const { producer, stream } = await a.router.speaker(511);
  stream.stop();
  const viewer = await b.router.view(a.router.announce(producer));
  // It has looked twice whether something arrives.
  await eventually(() => nodes.channels.of('askSent').length >= 2, { timeoutMs: 20_000 });
  expect(viewer.hold.value.producer.closed).toBe(false);
}, 60_000);

describe('messages that no end would send', () => {
  test('are answered or ignored, and harm nothing', async () => {
    const { viewer } = await listening(601);
    const pipe = nodes.channels.of('open')[0]?.message.pipe as string;
    const garbage = [
      null,
      'text',
      17,
      [],
      {},
      { m: 'open' },
      { m: 'open', pipe: 'x', seq: 1 },
      { m: 'pull', pipe: 5, seq: 'a' },
      { m: 'x'.repeat(1_000), pipe, seq: 1 },
      { m: 'close' },
      { m: 'openLane', pipe: 'unknown-pipe-0123456789', seq: 3, lane: 'whole' },
      { m: 'want', pipe, seq: -1, id: viewer.consumer.producerId, spatialLayers: [] },
    ];
    for (const message of garbage) {
      nodes.channels.deliver('b', 'a', message);
      nodes.channels.deliver('a', 'b', message);
    }
    // Of the right pipe, and next in its order.
    const lastOf = (from: string) =>
      Math.max(
        ...nodes.channels.sent.flatMap((sent) => (sent.from === from ? Number(sent.message.seq) : [])),
      );
    nodes.channels.deliver('b', 'a', { m: 'pull', pipe, seq: lastOf('b') + 1, id: 7, lane: 'sideways' });
    nodes.channels.deliver('a', 'b', { m: 'dance', pipe, seq: lastOf('a') + 1 });
    await eventually(() => nodes.channels.of('failed').length === 1);
    expect(nodes.channels.of('failed')[0]?.message).toMatchObject({
      error: { code: 'FLEET_ERR_BAD_MESSAGE' },
    });
    // The one of an unknown pipe was answered once, though two nodes were asked.
    expect(nodes.channels.of('close').map(({ message }) => message.pipe)).toEqual([
      'unknown-pipe-0123456789',
      'unknown-pipe-0123456789',
    ]);
    const before = viewer.received();
    await eventually(() => viewer.received() > before + 10);
  }, 60_000);

  test('that come twice, or again later, change nothing', async () => {
    nodes.channels.tamper = (message) => [message, message];
    const { producer, viewer } = await listening(611);
    const { producer: camera } = await a.router.camera([612, 613]);
    const second = await b.router.view(a.router.announce(camera));
    await eventually(() => second.received() > 10, { timeoutMs: 20_000 });
    const counted = await a.router.test.counts();
    const all = [...nodes.channels.sent];
    for (const { from, to, message } of all) nodes.channels.deliver(from, to, message);
    await producer.pause();
    await eventually(() => viewer.consumer.producerPaused);
    expect(await a.router.test.counts()).toEqual(counted);
    expect((await lanes()).join()).toBe('2,2');

    // Also when the pipe is no more.
    b.pipes.nodeLost('a');
    a.pipes.nodeLost('b');
    await eventually(async () => (await lanes()).join() === '0,0');
    for (const { from, to, message } of all) nodes.channels.deliver(from, to, message);
    await eventually(() => nodes.channels.of('close').length > 0);
    expect((await lanes()).join()).toBe('0,0');
  }, 60_000);

  test('of another node don’t reach a pipe that isn’t its own', async () => {
    const { viewer } = await listening(621);
    const [stranger] = (await nodes.start({ c: {} })) as [PipedNode];
    const pipe = nodes.channels.of('open')[0]?.message.pipe as string;
    for (const to of ['a', 'b']) {
      nodes.channels.deliver('c', to, { m: 'close', pipe });
      nodes.channels.deliver('c', to, { m: 'drop', pipe, seq: 90, id: viewer.consumer.producerId });
      nodes.channels.deliver('c', to, { m: 'closed', pipe, seq: 90, id: viewer.consumer.producerId });
    }
    const { producer } = await a.router.speaker(622);
    const theirs = await stranger.router.view(a.router.announce(producer));
    await eventually(() => theirs.received() > 10);
    const before = viewer.received();
    await eventually(() => viewer.received() > before + 10);
  }, 60_000);

  test('that overtake each other leave both ends agreed', async () => {
    const { producer, viewer } = await listening(631);
    const other = await listening(632);
    // The next two of the source arrive in the wrong order, so that the first of them counts as a repetition.
    const kept: unknown[] = [];
    nodes.channels.tamper = (message) => {
      if (message.m !== 'paused') return [message];
      kept.unshift(message);
      return kept.length === 2 ? kept : [];
    };
    await producer.pause();
    await other.producer.pause();
    await eventually(() => other.viewer.consumer.producerPaused && viewer.consumer.producerPaused);

    // And of the sink.
    const held: unknown[] = [];
    nodes.channels.tamper = (message) => {
      if (message.m !== 'want') return [message];
      held.unshift(message);
      return held.length === 2 ? held : [];
    };
    await Promise.all([producer.resume(), other.producer.resume()]);
    await viewer.consumer.pause();
    await other.viewer.consumer.pause();
    await eventually(() => held.length >= 2);
    await eventually(async () => {
      const before = await a.pipes.describe(a.router.room.id);
      return before[0]?.bitrateBps === 0;
    });
  }, 60_000);
});

function quietSink() {
  return {
    producerPaused: () => undefined,
    producerResumed: () => undefined,
    liveLayersChanged: () => undefined,
    producerClosed: () => undefined,
    close: () => undefined,
  };
}
