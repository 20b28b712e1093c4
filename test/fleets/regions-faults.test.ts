import { randomBytes } from 'node:crypto';
import { directoryOrder } from '../../core/regions/directory-order';
import { eventually } from '../helpers/eventually';
import { SignallingPeer } from '../helpers/signalling-peer';
import { WebhookReceiver } from '../helpers/webhook-receiver';
import { TestRegions, type TestRegionsOptions } from '../helpers/test-regions';

const EU = 'eu-central-1';
const US = 'us-east-1';
const AP = 'ap-southeast-2';

let regions: TestRegions;
const peers: SignallingPeer[] = [];

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
  await regions.close();
});

async function start(names: readonly string[], options?: TestRegionsOptions): Promise<void> {
  regions = await TestRegions.start(names, options);
}

async function join(region: string, roomId: string, peerId: string, gateway = 0): Promise<SignallingPeer> {
  const peer = await SignallingPeer.connect({ url: regions.url(region, gateway), roomId, peerId });
  peers.push(peer);
  await peer.join({ publish: false });
  return peer;
}

async function sees(peer: SignallingPeer, others: string, timeoutMs = 20_000): Promise<void> {
  await eventually(() => peer.others().join() === others || undefined, { timeoutMs }).catch(() => undefined);
  expect(peer.others().join()).toBe(others);
}

test('the region of a directory is lost: the others go on as one room, and it comes back without anybody twice', async () => {
  await start([EU, US, AP]);
  const roomId = regions.roomWithDirectoryIn(EU);
  const ada = await join(EU, roomId, 'ada');
  const grace = await join(US, roomId, 'grace');
  const mary = await join(AP, roomId, 'mary');
  await sees(ada, 'grace,mary');
  await sees(grace, 'ada,mary');
  await sees(mary, 'ada,grace');

  regions.cut(EU);
  await sees(grace, 'mary');
  await sees(mary, 'grace');
  await sees(ada, '');
  // The two that are left never lost each other, though the root was in the region that is lost.
  expect([grace.count('peerClosed', 'mary'), mary.count('peerClosed', 'grace')]).toEqual([0, 0]);

  regions.heal(EU);
  await sees(ada, 'grace,mary');
  await sees(grace, 'ada,mary');
  await sees(mary, 'ada,grace');
  expect([grace.count('newPeer', 'ada'), mary.count('newPeer', 'ada')]).toEqual([1, 1]);
  expect([grace.count('peerClosed', 'mary'), mary.count('peerClosed', 'grace')]).toEqual([0, 0]);
  const order = directoryOrder(roomId, [EU, US, AP]);
  expect(order[0]).toBe(EU);
}, 90_000);

test('a directory whose Redis is lost is stood in for, and nobody notices', async () => {
  await start([EU, US]);
  const roomId = regions.roomWithDirectoryIn(EU);
  const ada = await join(EU, roomId, 'ada');
  const grace = await join(US, roomId, 'grace');
  await sees(ada, 'grace');
  await regions.fleet(EU).redis.kill();
  await eventually(() => regions.node(US).parts.regions?.presence.reachableRegions.join() === US);
  await grace.request('changeDisplayName', { displayName: 'Amazing Grace' });
  await eventually(() => ada.notifications.some(({ method }) => method === 'peerDisplayNameChanged'));
  await regions.fleet(EU).redis.restart({ empty: true });
  await eventually(() => regions.node(US).parts.regions?.presence.reachableRegions.length === 2, {
    timeoutMs: 20_000,
  });
  const alan = await join(US, roomId, 'alan');
  await sees(ada, 'alan,grace');
  await sees(alan, 'ada,grace');
  expect([ada.count('peerClosed', 'grace'), grace.count('peerClosed', 'ada')]).toEqual([0, 0]);
}, 60_000);

test("the room's home moves to another node of the root's region: the other region follows it", async () => {
  await start([EU, US], { count: 2, env: () => ({ FLEET_RESUME_GRACE_MS: '1000' }) });
  const roomId = regions.roomWithDirectoryIn(US);
  await regions.fleet(EU).onlyPlaceOn(1);
  const ada = await join(EU, roomId, 'ada');
  const grace = await join(US, roomId, 'grace');
  await sees(ada, 'grace');
  expect(regions.node(EU, 1).parts.media.hasRoom(roomId)).toBe(true);
  await regions.fleet(EU).onlyPlaceOn(0);
  await regions.node(EU, 1).close();
  await eventually(() => ada.closed !== undefined);
  const alan = await join(EU, roomId, 'alan');
  await sees(grace, 'alan');
  await sees(alan, 'grace');
  expect(grace.count('peerClosed', 'ada')).toBe(1);
}, 60_000);

test('a region with another secret is refused with a code, and everybody else has a room', async () => {
  const stranger = randomBytes(32).toString('hex');
  await start([EU, US, AP], {
    env: (region): Record<string, string> => (region === AP ? { FLEET_LINK_SECRETS: stranger } : {}),
  });
  for (const directory of [EU, AP]) {
    const roomId = regions.roomWithDirectoryIn(directory);
    const ada = await join(EU, roomId, 'ada');
    const grace = await join(US, roomId, 'grace');
    const mallory = await join(AP, roomId, 'mallory');
    await sees(ada, 'grace');
    await sees(grace, 'ada');
    await eventually(() =>
      regions.log.some(({ region, code }) => region === AP && code === 'FLEET_ERR_LINK_REFUSED'),
    );
    expect(mallory.others()).toEqual([]);
    expect(ada.others()).toEqual(['grace']);
  }
  expect(regions.node(AP).parts.hub.figures()).toMatchObject({ connected: 0 });
  // Those whom it refuses say so as well.
  expect(
    regions.log.filter(({ region, code }) => region === EU && code === 'FLEET_ERR_LINK_REFUSED'),
  ).not.toEqual([]);
}, 60_000);

test('a room is told as started where it began, and as ended where the last one left', async () => {
  const receiver = new WebhookReceiver();
  await receiver.start();
  try {
    const hooks = { FLEET_WEBHOOK_URLS: receiver.url, FLEET_WEBHOOK_SECRETS: 'a secret of hooks' };
    await start([EU, US], { env: () => hooks });
    const roomId = regions.roomWithDirectoryIn(US);
    const ada = await join(EU, roomId, 'ada');
    const grace = await join(US, roomId, 'grace');
    await sees(ada, 'grace');
    await ada.close();
    await sees(grace, '');
    await grace.close();
    const told = () =>
      receiver.requests.map(({ event }) => event.type).filter((type) => type.startsWith('room'));
    await eventually(() => told().includes('roomEnded'));
    await regions.close();
    expect(told()).toEqual(['roomStarted', 'roomEnded']);
  } finally {
    await receiver.stop();
  }
}, 60_000);

test('clocks that differ by ten minutes change nothing', async () => {
  await start([EU, US], { skewMs: (region) => (region === US ? 600_000 : 0) });
  for (const directory of [EU, US]) {
    const roomId = regions.roomWithDirectoryIn(directory);
    const ada = await join(EU, roomId, 'ada');
    const grace = await join(US, roomId, 'grace');
    await sees(ada, 'grace');
    regions.cut(US);
    await sees(ada, '');
    regions.heal(US);
    await sees(ada, 'grace');
    await sees(grace, 'ada');
  }
}, 90_000);
