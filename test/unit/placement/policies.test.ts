import { NO_PEERS, roomDemand, withPeer, DEFAULT_EGRESS_MODEL } from '../../../core/capacity/egress-model';
import { ZERO_VECTOR } from '../../../core/capacity/headroom';
import { addedDemand, admitsPeer, admitsRoom, newRoomDemand } from '../../../core/placement/admission';
import { roomNamePattern } from '../../../core/placement/room-name-pattern';
import { parseSelectorPolicy } from '../../../core/placement/selector-policy';
import { commonScriptKeys, redisKeys } from '../../../core/redis-keys';

const BOTH = { publishes: true, subscribes: true };
const meeting = (people: number) => withPeer(NO_PEERS, BOTH, people);

describe('room name pattern', () => {
  test.each([
    ['standup-2026-11-21', 'standup-*'],
    ['Standup-2026-11-22', 'standup-*'],
    ['class/7b/math', 'class/*/math'],
    ['550e8400-e29b-41d4-a716-446655440000', '*'],
    ['team', 'team'],
    ['', '*'],
    ['zwölf', 'zwölf'],
    ['abcdefghijklmnopqrstuvwxyz', '*'],
  ])('%s is %s', (name, pattern) => {
    expect(roomNamePattern(name)).toBe(pattern);
  });

  test('stays short for any name', () => {
    for (const name of ['-'.repeat(256), 'a-'.repeat(128), 'a b '.repeat(64)]) {
      expect(roomNamePattern(name).length).toBeLessThanOrEqual(64);
    }
  });
});

describe('selector policy', () => {
  test('plain names and JSON are read, with LiveKit defaults', () => {
    expect(parseSelectorPolicy('best-fit')).toEqual({ selector: 'best-fit' });
    expect(parseSelectorPolicy('{"selector":"livekit","kind":"cpuload"}')).toEqual({
      selector: 'livekit',
      kind: 'cpuload',
      sortBy: 'random',
      algorithm: 'lowest',
    });
  });

  test.each([
    'worst-fit',
    'livekit2',
    '{',
    '{"selector":"livekit","sortby":"rooms"}',
    '{"selector":"least-egress","kind":"any"}',
    '{"selector":"livekit","loadLimit":0}',
  ])('%s is refused', (text) => {
    expect(() => parseSelectorPolicy(text)).toThrow();
  });
});

describe('admission', () => {
  const node = { state: 'SERVING', ready: true, alive: true, headroom: roomDemand(meeting(4)) } as const;

  test('a room needs a serving, ready, living node with headroom in every dimension', () => {
    const demand = newRoomDemand(meeting(1), 4, DEFAULT_EGRESS_MODEL);
    expect(admitsRoom(node, demand)).toBe(true);
    expect(admitsRoom({ ...node, state: 'CORDONED' }, demand)).toBe(false);
    expect(admitsRoom({ ...node, ready: false }, demand)).toBe(false);
    expect(admitsRoom({ ...node, alive: false }, demand)).toBe(false);
    expect(admitsRoom({ ...node, headroom: { ...node.headroom, packetsPerSecond: 1 } }, demand)).toBe(false);
    expect(admitsRoom({ ...node, headroom: ZERO_VECTOR }, ZERO_VECTOR)).toBe(false);
  });

  test('a peer of a draining node is taken, one that was promised even without headroom', () => {
    expect(admitsPeer({ ...node, state: 'DRAINING' }, roomDemand(meeting(2)))).toBe(true);
    expect(admitsPeer({ ...node, state: 'DRAINED' }, ZERO_VECTOR)).toBe(false);
    expect(admitsPeer({ ...node, headroom: ZERO_VECTOR }, ZERO_VECTOR)).toBe(true);
    expect(admitsPeer({ ...node, headroom: ZERO_VECTOR }, roomDemand(meeting(2)))).toBe(false);
  });

  test('joins add up to what the room needs, and nothing within the reservation', () => {
    expect(addedDemand(meeting(3), roomDemand(meeting(5)), DEFAULT_EGRESS_MODEL)).toEqual(ZERO_VECTOR);
    expect(addedDemand(meeting(2), ZERO_VECTOR, DEFAULT_EGRESS_MODEL)).toEqual(roomDemand(meeting(2)));
  });
});

describe('redis keys', () => {
  test('all lie in one slot, and none twice', () => {
    const keys = redisKeys('fleet');
    const all = [...commonScriptKeys(keys), keys.nodeInfo, keys.removed, keys.prior('a-*')];
    expect(new Set(all).size).toBe(18);
    for (const key of all) expect(key).toMatch(/^\{fleet\}:[^{}]+$/);
  });

  test.each(['', 'a}b', '{a', 'a b', 'x'.repeat(129)])('prefix %j is refused', (prefix) => {
    expect(() => redisKeys(prefix)).toThrow(RangeError);
  });
});
