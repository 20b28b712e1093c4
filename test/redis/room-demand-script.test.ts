import fc from 'fast-check';
import {
  DEFAULT_EGRESS_MODEL,
  partDemand,
  roomDemand,
  withExpectedPeers,
  type EgressModelParams,
} from '../../core/capacity/egress-model';
import { defaultCommandsFolder, defineScript } from '../../node-app/placement/script-loader';
import { DEFAULT_PLACEMENT_TIMING, scriptConstants } from '../../node-app/placement/script-settings';
import { RedisServer } from '../helpers/redis-server';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(async () => {
  await server.stop();
});

const params: fc.Arbitrary<EgressModelParams> = fc.record({
  singlePictureBps: fc.integer({ min: 0, max: 5_000_000 }),
  fewPicturesBps: fc.integer({ min: 0, max: 2_000_000 }),
  fewPictures: fc.integer({ min: 0, max: 10 }),
  speakerBps: fc.integer({ min: 0, max: 2_000_000 }),
  thumbnailBps: fc.integer({ min: 0, max: 500_000 }),
  audioBps: fc.integer({ min: 0, max: 128_000 }),
  activeAudio: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.POSITIVE_INFINITY)),
  lastN: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.POSITIVE_INFINITY)),
  overheadFactor: fc.double({ min: 1, max: 2, noNaN: true }),
  videoPacketBits: fc.integer({ min: 100, max: 12_000 }),
  audioPacketsPerSecond: fc.integer({ min: 1, max: 100 }),
  assumedPublishers: fc.integer({ min: 0, max: 100 }),
});

const counts = fc
  .record({ senders: fc.nat(300), audience: fc.nat(2_000), both: fc.nat(300) })
  .map(({ senders, audience, both }) => ({
    peers: senders + audience + both,
    publishers: senders + both,
    subscribers: audience + both,
    both,
  }));

/** What a piece of Lua answers that uses the model with these parameters. */
async function inLua(source: string, egressModel: EgressModelParams, args: number[]): Promise<number[]> {
  const redis = server.client();
  try {
    const script = defineScript(defaultCommandsFolder(), {
      name: 'model',
      keyCount: 0,
      source,
      constants: scriptConstants({
        timing: DEFAULT_PLACEMENT_TIMING,
        egressModel: { ...DEFAULT_EGRESS_MODEL, ...egressModel },
        defaultExpectedPeers: 4,
        learningWeight: 0.3,
      }),
    });
    return (await redis.eval(script.lua, 0, ...args.map(String))) as number[];
  } finally {
    redis.disconnect();
  }
}

test('the egress model in Lua is the one in TypeScript, to the bit', async () => {
  const source = `--- @include "room-demand"
    local pub, sub, both = withExpected(tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]),
      tonumber(ARGV[5]))
    return { pub, sub, both, roomDemand(pub, sub, both) }`;
  await fc.assert(
    fc.asyncProperty(params, counts, fc.nat(3_000), async (egressModel, room, expected) => {
      const { peers, publishers, subscribers, both } = room;
      const answer = await inLua(source, egressModel, [peers, publishers, subscribers, both, expected]);
      const full = withExpectedPeers(room, expected, egressModel);
      const { egressBps, packetsPerSecond } = roomDemand(full, egressModel);
      expect(answer).toEqual([full.publishers, full.subscribers, full.both, egressBps, packetsPerSecond]);
    }),
    { numRuns: 300 },
  );
});

test('so is what a room on several nodes makes one of them send', async () => {
  const source = `--- @include "pipe-demand"
    return { partDemand(tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])) }`;
  const cascades = fc.record({ remotePublishers: fc.nat(500), otherNodes: fc.nat(50) });
  await fc.assert(
    fc.asyncProperty(params, counts, cascades, async (egressModel, room, cascade) => {
      const { publishers, subscribers, both } = room;
      const { remotePublishers, otherNodes } = cascade;
      const args = [publishers, subscribers, both, remotePublishers, otherNodes];
      const { egressBps, packetsPerSecond } = partDemand(room, cascade, egressModel);
      expect(await inLua(source, egressModel, args)).toEqual([egressBps, packetsPerSecond]);
    }),
    { numRuns: 300 },
  );
});
