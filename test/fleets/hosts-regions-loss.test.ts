import { allSeeAndHearAll, HostedClient } from '../helpers/hosted-client';
import { eventually } from '../helpers/eventually';
import { RegionHosts } from '../helpers/region-hosts';
import { missingOf } from '../helpers/sequence-numbers';

const EU = 'eu-central-1';
const US = 'us-east-1';
const REGIONS = [EU, US];

/** A hundred packets are lost in a quarter of a minute, and a client that gets no processor for a second still loses none. */
const VIDEO = { packetsPerFrame: 8 };
const PACKETS = 4_000;
/** A second's packets, whose repairs may be on their way. */
const NEWEST = 300;

let regions: RegionHosts;

afterEach(() => regions?.close());

test.each([
  ['50 ms, 1 % loss and 1 % overtaken', { delayMs: 25, loss: 0.01, reordering: 0.01 }],
  ['100 ms, 3 % loss and 1 % overtaken', { delayMs: 50, loss: 0.03, reordering: 0.01 }],
])(
  'two regions with a way of %s between them hold one room, and more than 95 % of what is lost is repaired',
  async (_, way) => {
    regions = await RegionHosts.start(REGIONS, { env: { FLEET_HEARD_SPEAKERS: '0' }, way });
    const idle = await entities();
    const clients: HostedClient[] = [];
    for (const [region, peerId] of [
      [EU, 'ada'],
      [US, 'grace'],
    ] as const) {
      const hosts = regions.hosts(region);
      const through = hosts.host(0);
      const mediaAddress = through.place.address;
      clients.push(
        await HostedClient.join(hosts, { roomId: 'lossy', peerId, through, mediaAddress, video: VIDEO }),
      );
    }
    await allSeeAndHearAll(clients);

    const { lost, late } = { ...regions.counts };
    for (const client of clients) client.startGaps();
    const [ada, grace] = clients as [HostedClient, HostedClient];
    const crossing = [
      [ada, 'grace/video'],
      [grace, 'ada/video'],
    ] as const;
    await eventually(() => crossing.every(([to, stream]) => to.sequenceNumbers(stream).length > PACKETS), {
      timeoutMs: 60_000,
    });
    expect(regions.counts.late).toBeGreaterThan(late);
    const found = crossing.map(([to, stream]) => missingOf(to.sequenceNumbers(stream), NEWEST));
    const [expected, missing] = [sum(found.map((one) => one.expected)), sum(found.map((one) => one.missing))];
    console.info(`${missing} of ${expected} packets are missing, ${regions.counts.lost - lost} were lost`);
    expect(expected).toBeGreaterThan((crossing.length * PACKETS) / 2);
    expect(missing).toBeLessThan(expected * way.loss * 0.05);
    expect(regions.counts.lost - lost).toBeGreaterThan(crossing.length * PACKETS * way.loss * 0.5);

    await Promise.all(clients.map((client) => client.leave()));
    await eventually(async () => expect(await entities()).toEqual(idle) === undefined, { timeoutMs: 20_000 });
  },
  150_000,
);

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

const entities = async () =>
  Object.assign(
    {},
    ...(await Promise.all(REGIONS.map((region) => regions.hosts(region).entities()))),
  ) as object;
