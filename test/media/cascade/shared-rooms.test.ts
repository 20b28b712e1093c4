import { DemoClient } from '../../helpers/demo-client';
import { eventually } from '../../helpers/eventually';
import { SharedNodes } from '../../helpers/shared-nodes';

let nodes: SharedNodes;

beforeEach(async () => {
  nodes = await SharedNodes.start(3);
});

afterEach(() => nodes.close());

function join(on: number, peerId: string, stamp = 1): Promise<DemoClient> {
  return DemoClient.join(nodes.port(on), { peerId, generation: 'current', claim: { seq: stamp } });
}

/** Who a client was told of as being there, and not gone again. */
function others(client: DemoClient, found: readonly { peerId: string }[] = []): string[] {
  const present = new Set(found.map(({ peerId }) => peerId));
  for (const { method, data } of client.peer.seen) {
    if (method === 'newPeer')
      present.add(String((data.peer as { peerId: string } | undefined)?.peerId ?? data.peerId));
    if (method === 'peerClosed') present.delete(String(data.peerId));
  }
  return [...present].sort();
}

async function enter(
  on: number,
  peerId: string,
): Promise<{ client: DemoClient; found: { peerId: string }[] }> {
  const client = await DemoClient.open(nodes.port(on), { peerId, generation: 'current', claim: { seq: 1 } });
  const answer = await client.enter();
  return { client, found: answer.peers as { peerId: string }[] };
}

test('whoever joins finds the people on all nodes, and they hear of it', async () => {
  const ada = await join(0, 'ada');
  const grace = await enter(1, 'grace');
  expect(grace.found.map(({ peerId }) => peerId)).toEqual(['ada']);
  const mary = await enter(2, 'mary');
  expect(mary.found.map(({ peerId }) => peerId).sort()).toEqual(['ada', 'grace']);
  await eventually(() => others(ada).join() === 'grace,mary');
  await eventually(() => others(grace.client, grace.found).join() === 'ada,mary');
});

test('a name that changes and a peer that leaves are known on every node', async () => {
  const ada = await join(0, 'ada');
  const grace = await join(1, 'grace');
  const mary = await join(2, 'mary');
  await eventually(() => others(mary, [{ peerId: 'ada' }, { peerId: 'grace' }]).length === 2);

  await grace.control('changeDisplayName', { displayName: 'Amazing Grace' });
  for (const client of [ada, mary]) {
    await eventually(() => client.peer.notifications('peerDisplayNameChanged').length > 0);
    expect(client.peer.notifications('peerDisplayNameChanged')).toEqual([
      { peerId: 'grace', displayName: 'Amazing Grace', oldDisplayName: 'I am grace' },
    ]);
  }
  grace.peer.leave();
  for (const client of [ada, mary]) {
    await eventually(() => client.peer.notifications('peerClosed').some(({ peerId }) => peerId === 'grace'));
  }
  expect(nodes.node(1).hasRoom('room')).toBe(false);
});

test('a peer that comes again on another node takes its own place', async () => {
  const ada = await join(0, 'ada');
  const before = await join(1, 'grace', 1);
  await eventually(() => others(ada).join() === 'grace');
  const after = await join(2, 'grace', 2);
  await eventually(() => before.peer.closedWith?.code === 'FLEET_ERR_PEER_REPLACED');
  expect(after.peer.closedWith).toBeUndefined();
  await eventually(() => others(ada).join() === 'grace');
});

test('a home that dies is followed by the next node, and the peers of the others never leave the room', async () => {
  await join(0, 'ada');
  const grace = await join(1, 'grace');
  const mary = await join(2, 'mary');
  await eventually(() => others(grace, [{ peerId: 'ada' }]).join() === 'ada,mary');
  nodes.kill(0);
  await eventually(() => others(grace, [{ peerId: 'ada' }]).join() === 'mary');
  await eventually(() => others(mary, [{ peerId: 'ada' }, { peerId: 'grace' }]).join() === 'grace');
  expect(grace.peer.notifications('peerClosed').map(({ peerId }) => peerId)).toEqual(['ada']);
  expect(mary.peer.notifications('peerClosed').map(({ peerId }) => peerId)).toEqual(['ada']);
});

test('a home whose last peer leaves hands the room over', async () => {
  const ada = await join(0, 'ada');
  const grace = await join(1, 'grace');
  const mary = await join(2, 'mary');
  await eventually(() => others(grace, [{ peerId: 'ada' }]).join() === 'ada,mary');
  ada.peer.leave();
  expect(nodes.node(0).hasRoom('room')).toBe(false);
  // At once, since it said so; and placement takes the node out of the room.
  await eventually(() => grace.peer.notifications('peerClosed').length > 0);
  nodes.kill(0);
  await mary.control('changeDisplayName', { displayName: 'Mary' });
  await eventually(() => grace.peer.notifications('peerDisplayNameChanged').length > 0);
  expect(grace.peer.notifications('peerClosed').map(({ peerId }) => peerId)).toEqual(['ada']);
  const started = nodes.members.map(({ events }) => events.map(({ type }) => type));
  expect(started.flat().filter((type) => type === 'roomStarted')).toHaveLength(1);
  expect(started.flat()).not.toContain('roomEnded');
});

test('a link that breaks for a moment changes nothing for anybody', async () => {
  const ada = await join(0, 'ada');
  const grace = await join(1, 'grace');
  await eventually(() => others(ada).join() === 'grace');
  nodes.cut(0, 1);
  nodes.heal(0, 1);
  await grace.control('changeDisplayName', { displayName: 'Amazing Grace' });
  await eventually(() => ada.peer.notifications('peerDisplayNameChanged').length > 0);
  expect(ada.peer.notifications('peerClosed')).toEqual([]);
  expect(grace.peer.notifications('peerClosed')).toEqual([]);
});
