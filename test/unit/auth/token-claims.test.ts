import { audienceOf, claimCoversRoom } from '../../../core/auth/token-claims';

describe('token claims', () => {
  test.each([
    ['demo', 'demo', true],
    ['demo', 'demo2', false],
    ['demo-*', 'demo-1', true],
    ['demo-*', 'demo-', true],
    ['demo-*', 'demo', false],
    ['*', 'anything', true],
    ['a*b', 'a*b', true],
    ['a*b', 'axb', false],
  ])('room claim %s for room %s: %s', (claim, room, covers) => {
    expect(claimCoversRoom(claim, room)).toBe(covers);
  });

  test.each([
    [undefined, 'peer'],
    ['fleet:peer', 'peer'],
    [['fleet:peer', 'other'], 'peer'],
    ['fleet:operator', 'operator'],
    [['fleet:peer', 'fleet:operator'], 'none'],
    ['other', 'none'],
    [[], 'none'],
  ])('audience %j is for %s', (audience, expected) => {
    expect(audienceOf(audience)).toBe(expected);
  });
});
