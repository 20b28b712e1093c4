import { SENDER, viewers } from '../helpers/broadcast-room';
import { RedisServer } from '../helpers/redis-server';
import { AUDIENCE, TestFleet } from '../helpers/test-fleet';

/** Peers that leave one node of their room for another. */

let server: RedisServer;
let fleet: TestFleet;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(() => {
  fleet = new TestFleet(server);
});

afterEach(async () => {
  await fleet.close();
});

const NO_CAPACITY = { code: 'FLEET_ERR_NO_CAPACITY' };
const refusals = async () => (await fleet.store.readEvents()).filter(({ kind }) => kind === 'no-capacity');

test('a peer goes to a further node although its own has headroom, and to that again', async () => {
  const capacity = viewers(10);
  await fleet.serve(['a'], { capacity });
  const home = await fleet.place('r', { role: SENDER, expectedPeers: 4 });
  await fleet.serve(['b'], { capacity });
  const leaving = { role: AUDIENCE, avoidNodeId: 'a' };
  expect(await fleet.place('r', leaving)).toMatchObject({
    nodeId: 'b',
    nodes: ['a', 'b'],
    epoch: home.epoch,
    created: false,
  });
  expect(await fleet.place('r', leaving)).toMatchObject({ nodeId: 'b', nodes: ['a', 'b'] });
  // Back to the home, and others go where they always went.
  expect(await fleet.place('r', { role: AUDIENCE, avoidNodeId: 'b' })).toMatchObject({ nodeId: 'a' });
  expect(await fleet.place('r', { role: AUDIENCE })).toMatchObject({ nodeId: 'a' });
});

test('without another node with headroom it is refused, and scaling hears of it', async () => {
  await fleet.serve(['a', 'b'], { capacity: viewers(3) });
  const { nodeId } = await fleet.place('r', { role: SENDER, expectedPeers: 1 });
  const other = nodeId === 'a' ? 'b' : 'a';
  await fleet.beat(other, { capacity: viewers(3), committed: viewers(3) });
  await expect(fleet.place('r', { role: AUDIENCE, avoidNodeId: nodeId })).rejects.toMatchObject(NO_CAPACITY);
  expect(await refusals()).toHaveLength(1);
  expect((await fleet.store.findRoom('r'))?.nodes).toEqual([nodeId]);
});

test('it goes to the node that is named, or nowhere; a named node that is full is no reason to grow', async () => {
  const capacity = viewers(10);
  await fleet.serve(['a'], { capacity });
  await fleet.place('r', { role: SENDER, expectedPeers: 4 });
  // By itself placement would take b.
  await fleet.serve(['b'], { capacity: viewers(20) });
  await fleet.serve(['c'], { capacity });
  const to = (toNodeId: string) => fleet.place('r', { role: AUDIENCE, avoidNodeId: 'a', toNodeId });
  expect(await to('c')).toMatchObject({ nodeId: 'c', nodes: ['a', 'c'] });
  for (const nowhere of ['a', 'nobody']) await expect(to(nowhere)).rejects.toMatchObject(NO_CAPACITY);
  await fleet.beat('b', { capacity, state: 'CORDONED' });
  await expect(to('b')).rejects.toMatchObject(NO_CAPACITY);
  expect(await refusals()).toEqual([]);
});
