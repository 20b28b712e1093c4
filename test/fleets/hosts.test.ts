import { eventually } from '../helpers/eventually';
import { allSeeAndHearAll, HostedClient } from '../helpers/hosted-client';
import { NodeHosts } from '../helpers/node-hosts';

/** By the model a room of three who all send and receive takes 3.4 Mbit/s of its node, and one of four 6.8. */
const ENVIRONMENT = {
  FLEET_CAPACITY_EGRESS_BPS: '5500000',
  FLEET_EXPECTED_PEERS: '2',
  // Everybody speaks, and is counted.
  FLEET_HEARD_SPEAKERS: '0',
};
const HOSTS = 3;
const PEOPLE = 7;
const ROOM = 'room';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

describe('a room that outgrows its host', () => {
  let hosts: NodeHosts;
  let clients: HostedClient[] = [];

  beforeAll(async () => {
    hosts = await NodeHosts.start({ count: HOSTS, env: ENVIRONMENT });
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.leave()));
    await hosts?.close();
  });

  const nodes = async () => (await hosts.room(ROOM))?.nodes ?? [];

  /** But for the size that placement has learned for later rooms of that name. */
  const keys = async () => (await hosts.keys()).filter((key) => !key.includes(':prior:'));

  async function join(peerId: string, through: number): Promise<void> {
    clients.push(await HostedClient.join(hosts, { roomId: ROOM, peerId, through: hosts.host(through) }));
  }

  /** All peers of a node leave. */
  async function empty(nodeId: string): Promise<void> {
    const [leaving, staying] = [true, false].map((leaves) =>
      clients.filter((client) => (client.nodeId === nodeId) === leaves),
    );
    clients = staying ?? [];
    await Promise.all((leaving ?? []).map((client) => client.leave()));
  }

  test('gets a second and a third one, comes back to one, and leaves nothing behind', async () => {
    const idle = { entities: await hosts.entities(), keys: await keys() };
    for (let index = 0; index < PEOPLE; index += 1) await join(`p${index}`, index % HOSTS);
    await allSeeAndHearAll(clients);
    // In the order in which they were needed.
    const used = [...new Set(clients.map(({ nodeId }) => nodeId))];
    expect(used).toHaveLength(HOSTS);
    expect(await nodes()).toEqual(used);
    // One and the same stream for everybody, whichever node serves them.
    const ids = clients.map((client) => client.producerIds());
    for (const stream of new Set(ids.flatMap((own) => [...own.keys()]))) {
      expect(new Set(ids.flatMap((own) => own.get(stream) ?? [])).size).toBe(1);
    }

    for (const nodeId of used.slice(1).reverse()) {
      const staying = used.slice(0, used.indexOf(nodeId));
      await empty(nodeId);
      await eventually(async () => (await nodes()).join() === staying.join());
      await eventually(async () => (await hosts.entities())[nodeId] === idle.entities[nodeId]);
      await allSeeAndHearAll(clients);
    }
    // Nothing of the pipes is left either, after their ten seconds without use.
    await eventually(async () => (await hosts.room(ROOM))?.live[0]?.room?.pipes?.length === 0);

    for (const client of clients.splice(0)) await client.leave();
    await eventually(async () => same(await hosts.entities(), idle.entities));
    await eventually(async () => same(await keys(), idle.keys));
  });
});
