import { HeardRanking, type MicrophoneLevel } from '../../../core/cascade/heard-ranking';

const PLACES = 3;

const levels = (volumes: Record<string, number>): MicrophoneLevel[] =>
  Object.entries(volumes).map(([producerId, volume]) => ({ producerId, volume }));

/** A room in which a, b and c are heard since `atMs`. */
function busyRoom(atMs = 0): HeardRanking {
  const ranking = new HeardRanking();
  ranking.rank({ levels: levels({ a: -20, b: -30, c: -40 }), places: PLACES, nowMs: atMs });
  return ranking;
}

const rank = (ranking: HeardRanking, volumes: Record<string, number>, nowMs: number) =>
  ranking.rank({ levels: levels(volumes), places: PLACES, nowMs }).sort();

test('the loudest are heard', () => {
  expect(rank(new HeardRanking(), { a: -50, b: -20, c: -40, d: -30, e: -60 }, 0)).toEqual(['b', 'c', 'd']);
});

test('whoever speaks alone is heard at once, whoever was heard before', () => {
  expect(rank(busyRoom(), { d: -79 }, 1)).toContain('d');
});

test('whoever is heard stays for a second against somebody louder', () => {
  const volumes = { a: -20, b: -30, c: -40, d: -10 };
  expect(rank(busyRoom(), volumes, 999)).toEqual(['a', 'b', 'c']);
  expect(rank(busyRoom(), volumes, 1_000)).toEqual(['a', 'b', 'd']);
});

test('a silent one gives way at once, the one that has been silent for longest first', () => {
  const ranking = busyRoom();
  expect(rank(ranking, { a: -20, b: -30 }, 100)).toEqual(['a', 'b', 'c']);
  expect(rank(ranking, { a: -20, d: -70 }, 200)).toEqual(['a', 'b', 'd']);
  expect(rank(ranking, { a: -20, d: -70, e: -75 }, 300)).toEqual(['a', 'd', 'e']);
});

test('who falls silent while nobody needs the place stays heard', () => {
  expect(rank(busyRoom(), {}, 60_000)).toEqual(['a', 'b', 'c']);
});

test('of two equally loud ones nobody takes the place of the other', () => {
  const ranking = busyRoom();
  for (let nowMs = 0; nowMs < 10_000; nowMs += 250) {
    expect(rank(ranking, { e: -40, d: -40, c: -40, b: -40, a: -40 }, nowMs)).toEqual(['a', 'b', 'c']);
  }
});

test('what another one has ranked is taken over, and what is gone forgotten', () => {
  const ranking = new HeardRanking();
  ranking.adopt(['x', 'y', 'z'], 0);
  ranking.retain((id) => id !== 'y');
  expect(ranking.heard).toEqual(['x', 'z']);
  expect(rank(ranking, { x: -50, z: -50, d: -60, e: -70 }, 500)).toEqual(['d', 'x', 'z']);
});
