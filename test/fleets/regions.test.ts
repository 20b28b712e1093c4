import { eventually } from '../helpers/eventually';
import { SignallingPeer } from '../helpers/signalling-peer';
import { TestRegions } from '../helpers/test-regions';

const EU = 'eu-central-1';
const US = 'us-east-1';

describe('a room in two regions', () => {
  let regions: TestRegions;
  const peers: SignallingPeer[] = [];

  beforeAll(async () => {
    regions = await TestRegions.start([EU, US], { count: 2 });
  });

  afterAll(() => regions.close());

  afterEach(async () => {
    regions.heal(US);
    await Promise.all(peers.splice(0).map((peer) => peer.close()));
  });

  async function join(region: string, roomId: string, peerId: string): Promise<SignallingPeer> {
    const peer = await SignallingPeer.connect({ url: regions.url(region), roomId, peerId });
    peers.push(peer);
    await peer.join({ publish: false });
    return peer;
  }

  test.each([EU, US])('is one room for the people in both, its directory in %s', async (directory) => {
    const roomId = regions.roomWithDirectoryIn(directory);
    const ada = await join(EU, roomId, 'ada');
    const grace = await join(US, roomId, 'grace');
    expect(grace.found).toEqual(['ada']);
    await eventually(() => ada.others().join() === 'grace');
    const described = (region: string) =>
      regions
        .fleet(region)
        .nodes.map(({ parts }) => parts.media)
        .find((media) => media.hasRoom(roomId))
        ?.describeRoom(roomId).regions;
    await eventually(() => described(EU)?.length === 2 && described(US)?.length === 2);
    expect(described(EU)).toEqual([
      { region: EU, nodes: [expect.stringContaining(EU)], isRoot: true },
      { region: US, nodes: [expect.stringContaining(US)], isRoot: false },
    ]);
    expect(described(US)?.map(({ region, isRoot }) => [region, isRoot])).toEqual([
      [US, false],
      [EU, true],
    ]);
    await grace.close();
    await eventually(() => ada.others().join() === '');
    await ada.close();
    expect(ada.count('newPeer', 'grace')).toBe(1);
    // Cleared up by the directory, though nobody speaks to it any more.
    await eventually(async () => (await regions.presences()).length === 0, { timeoutMs: 20_000 });
  });

  test('is still one after every connection between the regions has broken, and nobody notices', async () => {
    const roomId = regions.roomWithDirectoryIn(US);
    const ada = await join(EU, roomId, 'ada');
    const grace = await join(US, roomId, 'grace');
    await eventually(() => ada.others().join() === 'grace');
    for (let round = 0; round < 3; round += 1) {
      regions.interrupt(US);
      await grace.request('changeDisplayName', { displayName: `Grace ${round}` });
      await eventually(() =>
        ada.notifications.some(
          ({ method, data }) =>
            method === 'peerDisplayNameChanged' &&
            (data as { displayName: string }).displayName === `Grace ${round}`,
        ),
      );
    }
    expect([ada.count('peerClosed', 'grace'), grace.count('peerClosed', 'ada')]).toEqual([0, 0]);
  });

  test.each([EU, US])(
    'falls in two when the regions are cut apart, and becomes one again: directory in %s',
    async (directory) => {
      const roomId = regions.roomWithDirectoryIn(directory);
      const ada = await join(EU, roomId, 'ada');
      const grace = await join(US, roomId, 'grace');
      await eventually(() => ada.others().join() === 'grace');
      regions.cut(US);
      await eventually(() => ada.others().join() === '' && grace.others().join() === '', {
        timeoutMs: 15_000,
      });
      // Both go on for those who are there, and for those who come.
      const alan = await join(EU, roomId, 'alan');
      const mary = await join(US, roomId, 'mary');
      await eventually(() => ada.others().join() === 'alan' && grace.others().join() === 'mary');
      regions.heal(US);
      for (const [peer, others] of [
        [ada, 'alan,grace,mary'],
        [alan, 'ada,grace,mary'],
        [grace, 'ada,alan,mary'],
        [mary, 'ada,alan,grace'],
      ] as const) {
        await eventually(() => peer.others().join() === others, { timeoutMs: 20_000 });
      }
      expect([ada, grace, alan, mary].map(({ closed }) => closed)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      // Once from the first time, once from after the cut.
      expect([ada.count('newPeer', 'grace'), ada.count('newPeer', 'mary')]).toEqual([2, 1]);
      expect([ada.count('peerClosed', 'grace'), grace.count('peerClosed', 'ada')]).toEqual([1, 1]);
    },
  );

  test('somebody who comes again in another region takes the own place', async () => {
    const roomId = regions.roomWithDirectoryIn(EU);
    const ada = await join(EU, roomId, 'ada');
    const before = await join(EU, roomId, 'grace');
    const after = await join(US, roomId, 'grace');
    await eventually(() => before.closed !== undefined);
    expect(after.closed).toBeUndefined();
    await eventually(() => ada.others().join() === 'grace' && after.others().join() === 'ada');
  });
});
