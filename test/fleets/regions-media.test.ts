import { isDeepStrictEqual } from 'node:util';
import type { MediaPort } from '../../node-app/media/media-port';
import type { RtpPeer } from '../../local/load/rtp-peer';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
} from '../../local/load/rtp-streams';
import { DemoClient, type DemoConsumer } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { TestRegions } from '../helpers/test-regions';

const EU = 'eu-central-1';
const US = 'us-east-1';
const ROLE = { publishes: true, subscribes: true };

let regions: TestRegions;
const streams: RunningStream[] = [];
const mediaPeers: RtpPeer[] = [];

beforeEach(async () => {
  regions = await TestRegions.start([EU, US]);
});

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await Promise.all(mediaPeers.splice(0).map((peer) => peer.close()));
  await regions.close();
});

/** Peers of a region, where its placement wants them. */
function port(region: string): MediaPort {
  const { media, placement } = regions.node(region).parts;
  return {
    openPeer: async (options) => {
      const { nodes, epoch, claim } = await placement.placePeer({ roomId: options.roomId, role: ROLE });
      return media.openPeer({ ...options, nodes, epoch, claim });
    },
  };
}

const join = (region: string, peerId: string) =>
  DemoClient.join(port(region), { peerId, generation: 'current' });

async function media(client: DemoClient, direction: 'send' | 'receive'): Promise<RtpPeer> {
  const transport = direction === 'send' ? client.sendTransport : client.receiveTransport;
  const peer = await client.connectMedia(transport);
  mediaPeers.push(peer);
  return peer;
}

const ssrcOf = ({ rtpParameters }: DemoConsumer) => rtpParameters.encodings?.[0]?.ssrc ?? 0;

async function receives(to: RtpPeer, consumers: readonly DemoConsumer[]): Promise<void> {
  const before = new Map(to.packetsBySsrc);
  await eventually(() =>
    consumers.every((one) => (to.packetsBySsrc.get(ssrcOf(one)) ?? 0) > (before.get(ssrcOf(one)) ?? 0) + 5),
  );
}

test('what is sent in one region is received in the other, also after they were apart, and nothing is left', async () => {
  const entities = () =>
    Promise.all(
      [EU, US].map(async (region) =>
        (await regions.node(region).parts.media.dumpWorkers()).map((dump) => dump.entities),
      ),
    );
  const idle = await entities();
  const [ada, grace] = [await join(EU, 'ada'), await join(US, 'grace')];
  for (const [index, client] of [ada, grace].entries()) {
    const peer = await media(client, 'send');
    await client.produce('audio', opusParameters(100 + index));
    streams.push(sendOpus({ peer, ssrc: 100 + index }));
    await client.produce('video', vp8Parameters([200 + index]));
    streams.push(sendVp8({ peer, ssrc: 200 + index }));
  }
  const received = new Map([
    [ada, await media(ada, 'receive')],
    [grace, await media(grace, 'receive')],
  ]);
  for (const [client, to] of received) {
    await eventually(() => client.consumers().length === 2);
    await receives(to, client.consumers());
  }

  regions.cut(US);
  for (const [client] of received) {
    await eventually(() => client.peer.notifications('consumerClosed').length === 2, { timeoutMs: 20_000 });
  }
  regions.heal(US);
  for (const [client, to] of received) {
    await eventually(() => client.consumers().length === 4, { timeoutMs: 20_000 });
    await receives(to, client.consumers().slice(2));
  }

  for (const stream of streams.splice(0)) stream.stop();
  for (const [client] of received) client.peer.leave();
  await eventually(async () => isDeepStrictEqual(await entities(), idle), { timeoutMs: 20_000 });
}, 120_000);

test('of many microphones the loudest of all regions are heard in each', async () => {
  const quiet = [
    await join(EU, 'ada'),
    await join(EU, 'alan'),
    await join(EU, 'mary'),
    await join(EU, 'emmy'),
  ];
  const [grace, edith] = [await join(US, 'grace'), await join(US, 'edith')];
  const levels = new Map(
    [...quiet, edith].map((client) => [client, 60]).concat([[grace, 10]]) as [DemoClient, number][],
  );
  for (const [index, [client, level]] of [...levels].entries()) {
    const peer = await media(client, 'send');
    await client.produce('audio', opusParameters(300 + index));
    streams.push(sendOpus({ peer, ssrc: 300 + index, level }));
  }
  for (const client of [...quiet, edith]) {
    const to = await media(client, 'receive');
    const loud = await eventually(() => {
      const found = client.consumers().filter(({ peerId }) => peerId === 'grace');
      return found.length === 1 && found;
    });

    await receives(to, loud);
  }
  // Three at most, of six.
  const heard = (client: DemoClient, to: RtpPeer) => {
    const before = new Map(to.packetsBySsrc);
    return () =>
      client
        .consumers()
        .filter((one) => (to.packetsBySsrc.get(ssrcOf(one)) ?? 0) > (before.get(ssrcOf(one)) ?? 0) + 20);
  };
  const grows = heard(quiet[0] as DemoClient, mediaPeers[levels.size] as RtpPeer);
  await eventually(() => grows().length > 0);
  expect(grows().length).toBeLessThanOrEqual(3);
}, 120_000);
