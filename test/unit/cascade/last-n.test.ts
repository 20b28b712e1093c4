import { LastNChoice, type LastNOptions } from '../../../core/cascade/last-n';

const PUBLISHERS = ['a', 'b', 'c', 'd', 'e'];

const options = (more: Partial<LastNOptions>): LastNOptions => ({
  publishers: PUBLISHERS,
  pinned: [],
  speakers: [],
  lastN: 3,
  nowMs: 100_000,
  ...more,
});

/** What is seen in a room that has been quiet for long. */
function quietRoom(): LastNChoice {
  const choice = new LastNChoice();
  choice.choose(options({ nowMs: 0 }));
  return choice;
}

test.each<[string, Partial<LastNOptions>, string[]]>([
  ['those who came first, when nobody has spoken', {}, ['a', 'b', 'c']],
  ['who spoke last, before who came first', { speakers: ['e', 'd'] }, ['e', 'd', 'a']],
  ['pinned ones before speakers', { pinned: ['c', 'b'], speakers: ['e', 'd'] }, ['c', 'b', 'e']],
  ['no more than allowed, of those pinned too', { pinned: ['e', 'd', 'c', 'b'] }, ['e', 'd', 'c']],
  ['nobody twice', { pinned: ['a'], speakers: ['a', 'b'] }, ['a', 'b', 'c']],
  ['nobody without a picture', { pinned: ['x'], speakers: ['y'], publishers: ['c', 'd'] }, ['c', 'd']],
  ['one alone', { lastN: 1, speakers: ['d'] }, ['d']],
])('a subscriber sees %s', (_, more, expected) => {
  expect(new LastNChoice().choose(options(more)).peerIds).toEqual(expected);
});

test('a picture that has just come stays for two seconds against other speakers, and the choice is then due', () => {
  const choice = quietRoom();
  expect(choice.choose(options({ speakers: ['d'], lastN: 1, nowMs: 10_000 })).peerIds).toEqual(['d']);
  const interrupted = choice.choose(options({ speakers: ['e', 'd'], lastN: 1, nowMs: 10_500 }));
  expect(interrupted).toEqual({ peerIds: ['d'], reviewInMs: 1_500 });
  expect(choice.choose(options({ speakers: ['e', 'd'], lastN: 1, nowMs: 12_000 }))).toEqual({
    peerIds: ['e'],
    reviewInMs: undefined,
  });
});

test('somebody who speaks takes the place of who came last and never spoke, and keeps it in silence', () => {
  const choice = quietRoom();
  expect(choice.choose(options({ speakers: ['e'], nowMs: 10_000 })).peerIds.sort()).toEqual(['a', 'b', 'e']);
  expect(choice.choose(options({ speakers: ['e'], nowMs: 90_000 })).peerIds.sort()).toEqual(['a', 'b', 'e']);
});

test('a pin acts at once, and so does the end of a picture', () => {
  const choice = quietRoom();
  choice.choose(options({ speakers: ['e', 'd', 'c'], nowMs: 10_000 }));
  const pinned = choice.choose(options({ speakers: ['e', 'd', 'c'], pinned: ['a'], nowMs: 10_001 }));
  expect(pinned.peerIds).toContain('a');
  const left = choice.choose(options({ publishers: ['b', 'c', 'd'], speakers: ['d', 'c'], nowMs: 10_002 }));
  expect(left.peerIds.sort()).toEqual(['b', 'c', 'd']);
});
