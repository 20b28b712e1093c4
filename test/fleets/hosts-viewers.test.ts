import { LoadGenerator } from '../../local/load/load-generator';
import type { LoadReport } from '../../local/load/load-report';
import { eventually } from '../helpers/eventually';
import { NodeHosts } from '../helpers/node-hosts';

const HOSTS = 4;
const VIEWERS = 200;
const PUBLISHERS = 3;
/** Of a publisher's three layers of video. Each viewer gets the uppermost: 30 packets a second. */
const BITRATE_BPS = 120_000;
const ROOM_PREFIX = 'hall-';
const ROOM = `${ROOM_PREFIX}1`;

/**
 * By the model each of them who watches three pictures takes 1.69 Mbit/s of its node, and each publisher 0.56 for each
 * other node: room for some 52 on each host.
 */
const ENVIRONMENT = {
  FLEET_CAPACITY_EGRESS_BPS: '94000000',
  FLEET_ADMISSION_JOINS_PER_SECOND: '1000',
  FLEET_JOIN_TIMEOUT_MS: '60000',
};
/** Those who come in per second at each gateway: what an old core connects. */
const JOINS_PER_SECOND = 4;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

describe('a room of two hundred viewers', () => {
  let hosts: NodeHosts;
  const loads: LoadGenerator[] = [];

  beforeAll(async () => {
    hosts = await NodeHosts.start({ count: HOSTS, env: ENVIRONMENT });
  });

  afterAll(async () => {
    await Promise.all(loads.map((load) => load.stop()));
    await hosts?.close();
  });

  /** But for the size that placement has learned for later rooms of that name. */
  const keys = async () => (await hosts.keys()).filter((key) => !key.includes(':prior:'));
  const peers = () => loads.flatMap((load) => load.peers);

  test('is on four hosts, all receive, each publisher crosses once to each, and nothing is left', async () => {
    const idle = { entities: await hosts.entities(), keys: await keys() };
    for (const [index, host] of hosts.hosts.entries()) {
      loads.push(
        await LoadGenerator.start({
          url: host.url,
          token: hosts.token,
          rooms: 1,
          roomPrefix: ROOM_PREFIX,
          size: VIEWERS / HOSTS + (index === 0 ? PUBLISHERS : 0),
          publishers: index === 0 ? PUBLISHERS : 0,
          joinsPerSecond: JOINS_PER_SECOND,
          bitrateBps: BITRATE_BPS,
          audio: false,
        }),
      );
    }
    await eventually(() => peers().filter(({ state }) => state === 'in').length === VIEWERS + PUBLISHERS, {
      timeoutMs: 150_000,
    });

    // Everybody got media, and of each publisher but oneself a layer.
    const streams = VIEWERS * PUBLISHERS + PUBLISHERS * (PUBLISHERS - 1);
    const reports = await eventually(
      async () => {
        const all = await Promise.all(loads.map((load) => load.report()));
        const sum = (of: (report: LoadReport) => number) => all.reduce((total, one) => total + of(one), 0);
        const receiving = sum(({ firstMediaMs }) => firstMediaMs.count);
        const layers = sum(({ media }) => media.videoLayers.reduce((total, count) => total + count, 0));
        if (receiving >= VIEWERS + PUBLISHERS && layers === streams) return all;
        throw new Error(`${receiving} people receive, and ${layers} streams of ${streams} have a layer`);
      },
      { intervalMs: 1_000 },
    );
    const cpuSeconds = reports.reduce((total, { generator }) => total + generator.cpuSeconds, 0);
    console.info(`the viewers took ${cpuSeconds.toFixed(1)} s of CPU`);

    // A node that is very busy describes its room later.
    const room = await eventually(async () => {
      const found = await hosts.room(ROOM);
      return found?.live.every((part) => part.room !== undefined) ? found : undefined;
    });
    expect(room.nodes).toHaveLength(HOSTS);
    const parts = room.live.flatMap(({ nodeId, room: part }) => (part ? { nodeId, ...part } : []));
    expect(parts.flatMap((part) => part.peers)).toHaveLength(VIEWERS + PUBLISHERS);
    console.info(`on the hosts are ${parts.map((part) => part.peers.length).join(', ')} people`);
    for (const part of parts) {
      const own = part.peers.filter(({ producers }) => producers > 0).length;
      const pulled = (part.pipes ?? [])
        .filter(({ fromNode }) => fromNode !== undefined)
        .flatMap(({ producers }) => producers.map(({ producerId }) => producerId));
      expect(pulled).toHaveLength(PUBLISHERS - own);
      expect(new Set(pulled).size).toBe(PUBLISHERS - own);
    }

    await Promise.all(loads.splice(0).map((load) => load.stop()));
    await eventually(async () => same(await hosts.entities(), idle.entities));
    await eventually(async () => same(await keys(), idle.keys));
  });
});
