import { isDeepStrictEqual } from 'node:util';
import { BrowserPeers } from '../chaos/browser-peer';
import { ChaosFleet } from '../chaos/chaos-fleet';
import { Crowd } from '../chaos/crowd';
import { Watch } from '../chaos/watch';
import { eventually } from '../helpers/eventually';

/** By the model a room of three who all send and receive takes 3.4 Mbit/s of its node, and one of four 6.8. */
const ENVIRONMENT = { FLEET_CAPACITY_EGRESS_BPS: '5500000' };
const HOSTS = 3;
const BROWSERS = 6;
const ROOM = 'browsers';
const WHOLE_FOR_MS = 2_000;
/** Of a publisher. */
const STREAMS = 2;

describe('a room of browsers that outgrows its host', () => {
  let fleet: ChaosFleet;
  let browsers: BrowserPeers;
  let crowd: Crowd;
  let watch: Watch;

  beforeAll(async () => {
    fleet = await ChaosFleet.start(HOSTS, { env: ENVIRONMENT });
    browsers = await BrowserPeers.start();
    const rooms = [{ roomId: ROOM, publishers: 0, browsers: BROWSERS, audience: 0 }];
    const { url, hosts } = fleet;
    crowd = new Crowd({ url, token: hosts.token, random: Math.random, rooms, browsers });
    watch = new Watch(fleet, crowd);
  });

  afterAll(async () => {
    watch?.close();
    await crowd?.leave();
    await browsers?.close();
    await fleet?.close();
  });

  test('is on three nodes, where all see and hear all, each stream crosses once to each node, and nothing is left', async () => {
    const { hosts } = fleet;
    const idle = await hosts.entities();
    crowd.come();
    await eventually(() => watch.isWholeFor(WHOLE_FOR_MS), { timeoutMs: 120_000 });

    const room = await hosts.room(ROOM);
    const live =
      room?.live.flatMap(({ nodeId, room: detail }) => (detail ? [{ nodeId, ...detail }] : [])) ?? [];
    expect(live).toHaveLength(HOSTS);
    expect(live.flatMap(({ peers }) => peers)).toHaveLength(BROWSERS);
    for (const { peers, pipes = [] } of live) {
      expect(peers.length).toBeGreaterThan(0);
      const incoming = pipes.flatMap(({ fromNode, producers }) => (fromNode ? producers : []));
      const ids = incoming.map(({ producerId }) => producerId);
      expect(ids).toHaveLength((BROWSERS - peers.length) * STREAMS);
      expect(new Set(ids).size).toBe(ids.length);
    }

    await crowd.leave();
    await eventually(async () => isDeepStrictEqual(await hosts.entities(), idle));
    expect(crowd.lost()).toEqual([]);
    expect(watch.splits).toEqual([]);
  });
});
