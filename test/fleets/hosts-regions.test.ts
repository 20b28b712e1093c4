import { directoryOrder } from '../../core/regions/directory-order';
import { eventually } from '../helpers/eventually';
import { allSeeAndHearAll, HostedClient } from '../helpers/hosted-client';
import { RegionHosts } from '../helpers/region-hosts';

const EU = 'eu-central-1';
const US = 'us-east-1';
const AP = 'ap-southeast-2';
const REGIONS = [EU, US, AP];

/** Silent for 3 s, and 3 s of grace; the rest is a busy machine's. */
const GONE_WITHIN_MS = 15_000;
/** Less than the grace: pipes that were opened anew would be seen. */
const LONGEST_GAP_MS = 2_500;

/** One whose directory is in that region. */
function roomOf(region: string): string {
  for (let number = 0; ; number += 1) {
    const roomId = `room-${number}`;
    if (directoryOrder(roomId, REGIONS)[0] === region) return roomId;
  }
}

describe('three regions with a room in all of them, on networks of their own', () => {
  let regions: RegionHosts;
  const clients: HostedClient[] = [];

  beforeAll(async () => {
    // Everybody speaks, and is counted.
    regions = await RegionHosts.start(REGIONS, { env: { FLEET_HEARD_SPEAKERS: '0' } });
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.leave()));
  });

  afterAll(() => regions?.close());

  async function join(region: string, roomId: string, peerId: string): Promise<HostedClient> {
    const hosts = regions.hosts(region);
    const client = await HostedClient.join(hosts, { roomId, peerId, through: hosts.host(0) });
    clients.push(client);
    return client;
  }

  const entities = async () =>
    Object.assign(
      {},
      ...(await Promise.all(REGIONS.map((region) => regions.hosts(region).entities()))),
    ) as object;

  test.each([
    ['with the directory and the root of the room', EU],
    ['that is an edge', US],
  ])('a region %s is cut off, and comes back', async (_, lost) => {
    const roomId = roomOf(EU);
    const idle = await entities();
    const inside = [await join(lost, roomId, 'ada'), await join(lost, roomId, 'alan')];
    const outside: HostedClient[] = [];
    for (const region of REGIONS.filter((one) => one !== lost)) {
      outside.push(await join(region, roomId, `${region}-a`), await join(region, roomId, `${region}-b`));
    }
    await allSeeAndHearAll(clients);

    for (const client of outside) client.startGaps();
    const cutAtMs = performance.now();
    await regions.cut(lost);
    await eventually(() => outside.every((client) => client.others().length === outside.length - 1));
    expect(performance.now() - cutAtMs).toBeLessThan(GONE_WITHIN_MS);
    await allSeeAndHearAll(outside);
    const gaps = outside.flatMap((client) => client.streams().map((stream) => client.longestGapMs(stream)));
    expect(Math.max(...gaps)).toBeLessThan(LONGEST_GAP_MS);
    if (regions.goOnInside) await allSeeAndHearAll(inside);

    await regions.heal(lost);
    await allSeeAndHearAll(clients);
    // By the sessions that they had.
    expect(clients.map(({ client }) => client.peer.closedWith)).toEqual(clients.map(() => undefined));

    await Promise.all(clients.splice(0).map((client) => client.leave()));
    await eventually(async () => expect(await entities()).toEqual(idle) === undefined);
  });
});
