import { eventually } from '../helpers/eventually';
import { allSeeAndHearAll, joinInOrder, type HostedClient } from '../helpers/hosted-client';
import { NodeHosts } from '../helpers/node-hosts';

/** By the model a room of three who all send and receive takes 3.4 Mbit/s of its node, and one of four 6.8. */
const ENVIRONMENT = {
  FLEET_CAPACITY_EGRESS_BPS: '5500000',
  FLEET_EXPECTED_PEERS: '2',
  // Everybody speaks, and is counted.
  FLEET_HEARD_SPEAKERS: '0',
};
const HOSTS = 4;
/** Among nodes with the same headroom the last by name is first. */
const HOME = 'node-d';
const NEXT = 'node-c';
const EDGE = 'node-b';
const PLACES = [HOME, HOME, HOME, NEXT, EDGE, NEXT];
const ROOM = 'room';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

describe('a node that is killed while pipes are set up', () => {
  let hosts: NodeHosts;
  let clients: HostedClient[] = [];
  let idle: Record<string, number>;

  beforeEach(async () => {
    hosts = await NodeHosts.start({ count: HOSTS, env: ENVIRONMENT });
    idle = await hosts.entities();
    clients = await joinInOrder(hosts, ROOM, PLACES);
    await allSeeAndHearAll(clients);
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.leave()));
    await hosts?.close();
  });

  /** Everybody publishes more, and while the others pull it the node dies. */
  async function killDuringSetUp(nodeId: string): Promise<void> {
    const [gone, rest] = [true, false].map((dies) =>
      clients.filter((client) => (client.nodeId === nodeId) === dies),
    ) as [HostedClient[], HostedClient[]];
    const publishing = clients.map((client) => client.publish());
    void Promise.allSettled(publishing);
    await Promise.race(publishing);
    await hosts.kill(hosts.byId(nodeId));
    clients = rest;
    await Promise.all(publishing.filter((_, index) => rest.some(({ peerId }) => peerId === `p${index}`)));
    await Promise.all(gone.map((client) => client.leave()));
    await allSeeAndHearAll(rest);
  }

  /** The workers hold what they held before the room, so no transport is left. */
  async function leavesNothing(): Promise<void> {
    for (const client of clients.splice(0)) await client.leave();
    const left = Object.fromEntries(hosts.hosts.map(({ nodeId }) => [nodeId, idle[nodeId]]));
    await eventually(async () => same(await hosts.entities(), left));
    await eventually(async () => (await hosts.room(ROOM)) === undefined);
  }

  test('an edge: the others go on, and no transport to it is left', async () => {
    await killDuringSetUp(EDGE);
    await leavesNothing();
  });

  test('the home: the next one takes over, and no transport to it is left', async () => {
    await killDuringSetUp(HOME);
    expect((await hosts.room(ROOM))?.nodes).toEqual([NEXT, EDGE]);
    await leavesNothing();
  });
});
