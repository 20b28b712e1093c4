import { orderHolders, type Holder } from '../../../core/cascade/holder-choice';

const holders: Holder[] = ['a', 'b', 'c', 'd'].map((nodeId) => ({ nodeId, routerId: `r${nodeId}` }));
const unknown = () => undefined;
const order = (more: Partial<Parameters<typeof orderHolders>[1]> = {}) =>
  orderHolders(holders, { ownNodeId: 'me', id: 'stream', rttMs: unknown, ...more }).map(
    ({ nodeId }) => nodeId,
  );

test('the nearest holder is asked first, and those of unknown distance last', () => {
  const distances: Record<string, number> = { a: 80, b: 5, c: 30 };
  expect(order({ rttMs: (nodeId) => distances[nodeId] })).toEqual(['b', 'c', 'a', 'd']);
});

test('small differences of distance don’t count', () => {
  const byHash = order();
  const distances: Record<string, number> = { a: 30, b: 30.5, c: 31, d: 29.8 };
  expect(order({ rttMs: (nodeId) => distances[nodeId] })).toEqual(byHash);
});

test('who failed lately comes last, however near', () => {
  const rttMs = (nodeId: string) => (nodeId === 'b' ? 1 : 50);
  expect(order({ rttMs })[0]).toBe('b');
  expect(order({ rttMs, avoid: new Set(['b']) }).at(-1)).toBe('b');
});

test('a node never asks itself', () => {
  expect(order({ ownNodeId: 'c' })).not.toContain('c');
});

test('nodes that look for the same stream spread over its holders, each always in the same order', () => {
  const firsts = new Map<string, number>();
  for (let index = 0; index < 400; index += 1) {
    const ownNodeId = `node-${index}`;
    const [first = ''] = order({ ownNodeId });
    expect(order({ ownNodeId })[0]).toBe(first);
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  // 100 each, ± 4 standard deviations.
  for (const { nodeId } of holders) {
    expect(firsts.get(nodeId)).toBeGreaterThan(65);
    expect(firsts.get(nodeId)).toBeLessThan(135);
  }
});

test('when a holder goes, only those who asked it first ask another', () => {
  for (let index = 0; index < 50; index += 1) {
    const question = { ownNodeId: `node-${index}`, id: 'stream', rttMs: unknown };
    const [first, next] = orderHolders(holders, question);
    const [now] = orderHolders(
      holders.filter(({ nodeId }) => nodeId !== 'a'),
      question,
    );
    expect(now).toEqual(first?.nodeId === 'a' ? next : first);
  }
});
