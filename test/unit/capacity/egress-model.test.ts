import fc from 'fast-check';
import {
  bitsPerPacket,
  DEFAULT_EGRESS_MODEL,
  egressModelOf,
  NO_CASCADE,
  NO_PEERS,
  partDemand,
  pipeDemand,
  roomDemand,
  withExpectedPeers,
  withPeer,
} from '../../../core/capacity/egress-model';

const BOTH = { publishes: true, subscribes: true };
const AUDIENCE = { publishes: false, subscribes: true };
const meeting = (people: number) => withPeer(NO_PEERS, BOTH, people);

test('a call of two sends each the other in 720p and their voice, with overhead', () => {
  expect(roomDemand(meeting(2))).toEqual({
    egressBps: Math.ceil(1.06 * 2 * 1_732_000),
    packetsPerSecond: Math.ceil(2 * (1_700_000 / 8_000 + 50)),
  });
});

test('up to five people each sees the others at 500 kbit/s, beyond that a speaker and thumbnails', () => {
  expect(roomDemand(meeting(5)).egressBps).toBeCloseTo(1.06 * 5 * (4 * 500_000 + 3 * 32_000), -1);
  expect(roomDemand(meeting(8)).egressBps).toBeCloseTo(1.06 * 8 * (500_000 + 6 * 150_000 + 3 * 32_000), -1);
});

test('a deployment that forwards everything counts with everything', () => {
  const all = egressModelOf({ heardSpeakers: 0, lastN: 0 });
  expect(roomDemand(meeting(5), all).egressBps).toBeCloseTo(1.06 * 20 * 532_000, -1);
  const few = egressModelOf({ heardSpeakers: 2, lastN: 1 });
  expect(roomDemand(meeting(5), few).egressBps).toBeCloseTo(1.06 * 5 * (1_700_000 + 2 * 32_000), -1);
});

test('with equal streams for all a meeting is N × (N − 1) streams', () => {
  const flat = {
    ...DEFAULT_EGRESS_MODEL,
    singlePictureBps: 1_000_000,
    fewPicturesBps: 1_000_000,
    fewPictures: 1e6,
    audioBps: 0,
    overheadFactor: 1,
  };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), (people) => {
      expect(roomDemand(meeting(people), flat).egressBps).toBe(
        Math.max(0, people * (people - 1)) * 1_000_000,
      );
    }),
  );
});

test('nobody sends to nobody: a lone peer, senders without audience, audience without senders', () => {
  const nothing = { egressBps: 0, packetsPerSecond: 0 };
  expect(roomDemand(NO_PEERS)).toEqual(nothing);
  expect(roomDemand(meeting(1))).toEqual(nothing);
  expect(roomDemand(withPeer(NO_PEERS, AUDIENCE, 9))).toEqual(nothing);
  expect(roomDemand(withPeer(NO_PEERS, { publishes: true, subscribes: false }, 9))).toEqual(nothing);
});

test('each viewer of a broadcast costs the same, however many there are', () => {
  const broadcast = (viewers: number) => roomDemand(withPeer(meeting(1), AUDIENCE, viewers)).egressBps;
  expect(broadcast(3_000)).toBeCloseTo(3_000 * broadcast(1), -6);
});

test('last-N and active audio bound what a subscriber receives', () => {
  const bounded = { ...DEFAULT_EGRESS_MODEL, lastN: 9, activeAudio: 2 };
  const perPerson = (people: number) => roomDemand(meeting(people), bounded).egressBps / people;
  expect(perPerson(300)).toBeCloseTo(perPerson(10), 0);
});

test('demand never falls when a viewer joins', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), (people, viewers) => {
      const room = withPeer(meeting(people), AUDIENCE, viewers);
      const grown = roomDemand(withPeer(room, AUDIENCE));
      expect(grown.egressBps).toBeGreaterThanOrEqual(roomDemand(room).egressBps);
      expect(grown.packetsPerSecond).toBeGreaterThanOrEqual(roomDemand(room).packetsPerSecond);
    }),
  );
});

test('people who are expected send up to the assumed number of senders, the others watch', () => {
  expect(withExpectedPeers(meeting(1), 300)).toEqual({
    peers: 300,
    publishers: 20,
    subscribers: 300,
    both: 20,
  });
  expect(withExpectedPeers(meeting(5), 3)).toEqual(meeting(5));
});

test('a packet of video is worth its bits and the overhead', () => {
  expect(bitsPerPacket()).toBe(8_480);
});

describe('a room on several nodes', () => {
  const rest = (remotePublishers: number, otherNodes: number) => ({ remotePublishers, otherNodes });

  test('without others a part is the whole room', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (people, audience) => {
        const counts = withPeer(meeting(people), AUDIENCE, audience);
        expect(partDemand(counts, NO_CASCADE)).toEqual(roomDemand(counts));
      }),
    );
  });

  test('subscribers receive the senders of all nodes, and who sits elsewhere is received like anybody', () => {
    // Two of five people sit here: they send to each other and receive three more.
    const here = partDemand(meeting(2), rest(3, 1));
    expect(here.egressBps).toBe(
      Math.ceil(1.06 * 2 * (4 * 500_000 + 3 * 32_000)) + Math.ceil(1.06 * 2 * 532_000),
    );
  });

  test('a sender crosses once to each other node, however many watch there', () => {
    expect(pipeDemand(1, rest(0, 3)).egressBps).toBe(Math.ceil(1.06 * 3 * 1_732_000));
    expect(pipeDemand(1, rest(1, 1)).egressBps).toBe(Math.ceil(1.06 * 1_732_000));
    expect(pipeDemand(2, rest(2, 1))).toEqual({
      egressBps: Math.ceil(1.06 * 2 * 532_000),
      packetsPerSecond: Math.ceil(2 * (500_000 / 8_000 + 50)),
    });
    expect(pipeDemand(0, rest(9, 3))).toEqual({ egressBps: 0, packetsPerSecond: 0 });
  });

  test('a room without pictures carries voices only, and no more of them than are heard', () => {
    const voices = { ...DEFAULT_EGRESS_MODEL, lastN: 0, activeAudio: 3 };
    expect(pipeDemand(10, rest(5, 2), voices)).toEqual({
      egressBps: Math.ceil(1.06 * 6 * 32_000),
      packetsPerSecond: 300,
    });
  });
});
