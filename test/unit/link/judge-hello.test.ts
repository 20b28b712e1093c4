import { LINK_VERSIONS, agreeOnVersion, judgeHello, type AcceptQuestion } from '../../../core/protocol/link';

const hello = { nodeId: 'b', instanceId: 'i1', target: 'a', min: 1, max: 1 };
const question = (more: Partial<AcceptQuestion> = {}): AcceptQuestion => ({
  ownNodeId: 'a',
  hello,
  existing: undefined,
  dialing: false,
  stopping: false,
  ...more,
});

describe('judging a hello', () => {
  test('the first link is taken', () => {
    expect(judgeHello(question())).toEqual({ accept: true, version: 1, replace: false, abortDial: false });
  });

  test('of two dials at once the lower id wins, whoever judges', () => {
    expect(judgeHello(question({ dialing: true }))).toEqual({ accept: false, reason: 'duplicate' });
    const fromA = { ...hello, nodeId: 'a', target: 'b' };
    expect(judgeHello(question({ ownNodeId: 'b', hello: fromA, dialing: true }))).toMatchObject({
      accept: true,
      abortDial: true,
    });
  });

  test('a link that is open stays, unless the dialer has seen it die or began anew', () => {
    const existing = { linkId: 'l1', instanceId: 'i1' };
    expect(judgeHello(question({ existing }))).toEqual({ accept: false, reason: 'duplicate' });
    expect(judgeHello(question({ existing, hello: { ...hello, replaces: 'l1' } }))).toMatchObject({
      accept: true,
      replace: true,
    });
    expect(judgeHello(question({ existing, hello: { ...hello, instanceId: 'i2' } }))).toMatchObject({
      accept: true,
      replace: true,
    });
  });

  test.each([
    ['another target', { ...hello, target: 'c' }, 'wrong-node'],
    ['its own id', { ...hello, nodeId: 'a' }, 'wrong-node'],
    ['an older release', { ...hello, min: 0, max: 0 }, 'version'],
    ['a newer release', { ...hello, min: LINK_VERSIONS.max + 1, max: LINK_VERSIONS.max + 2 }, 'version'],
  ])('%s is refused', (_case, other, reason) => {
    expect(judgeHello(question({ hello: other }))).toEqual({ accept: false, reason });
  });

  test('neighbouring releases agree on what both speak', () => {
    expect(agreeOnVersion({ min: 1, max: 2 }, { min: 2, max: 3 })).toBe(2);
    expect(agreeOnVersion({ min: 1, max: 2 }, { min: 3, max: 4 })).toBeUndefined();
  });
});
