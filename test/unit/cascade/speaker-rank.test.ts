import { electSpeaker, mergeSpeakers, type HeardSpeaker } from '../../../core/cascade/speaker-rank';

const heard = (peerId: string, volume: number): HeardSpeaker => ({ peerId, volume });

test('speakers of several routers are ranked together, the loudest first', () => {
  const lists = [[heard('a', -20), heard('b', -50)], [heard('c', -30)], []];
  expect(mergeSpeakers(lists, 10).map(({ peerId }) => peerId)).toEqual(['a', 'c', 'b']);
  expect(mergeSpeakers(lists, 2).map(({ peerId }) => peerId)).toEqual(['a', 'c']);
});

test.each<[string, HeardSpeaker[], string | undefined, number, string | undefined]>([
  ['the loudest, when nobody does', [heard('a', -40), heard('b', -20)], undefined, 0, 'b'],
  ['who holds it, for a second', [heard('a', -40), heard('b', -20)], 'a', 999, 'a'],
  ['the loudest, after that', [heard('a', -40), heard('b', -20)], 'a', 1_000, 'b'],
  ['who holds it, as long as nobody is louder', [heard('a', -10), heard('b', -20)], 'a', 60_000, 'a'],
  ['another at once, when who held it is not heard any more', [heard('b', -60)], 'a', 10, 'b'],
  ['nobody, in silence', [], 'a', 5_000, undefined],
])('the floor goes to %s', (_, candidates, holderId, heldForMs, expected) => {
  expect(electSpeaker({ candidates, holderId, heldForMs })).toBe(expected);
});
