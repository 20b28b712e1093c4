import { MAX_JSON_NESTING, nestsDeeperThan } from '../../../core/protocol/json-nesting';

describe('nesting of JSON', () => {
  const nested = (levels: number, open = '[', close = ']') =>
    Buffer.from(open.repeat(levels) + close.repeat(levels));

  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('of %s is allowed up to the limit, and not beyond', (_kind, open, close) => {
    expect(nestsDeeperThan(nested(MAX_JSON_NESTING, open, close), MAX_JSON_NESTING)).toBe(false);
    expect(nestsDeeperThan(nested(MAX_JSON_NESTING + 1, open, close), MAX_JSON_NESTING)).toBe(true);
  });

  test('does not count brackets in texts, escaped quotes included', () => {
    const text = JSON.stringify({ a: '[[[[', b: 'a "quoted" [[[ \\', c: ['\\', '{{{{'] });
    expect(nestsDeeperThan(Buffer.from(text), 2)).toBe(false);
    expect(nestsDeeperThan(Buffer.from(text), 1)).toBe(true);
  });

  test('does not add up what stands side by side', () => {
    expect(nestsDeeperThan(Buffer.from(`[${'[],'.repeat(10_000)}[]]`), 2)).toBe(false);
  });

  test.each(['', '"', '"\\', ']]]]', '[[', 'ünïcode "[['])(
    'takes %j, which is not JSON, as it comes',
    (text) => {
      expect(nestsDeeperThan(Buffer.from(text), 2)).toBe(false);
    },
  );
});
