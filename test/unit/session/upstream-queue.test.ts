import { UpstreamQueue } from '../../../core/session/upstream-queue';

const message = (method: string) => ({
  kind: 'message' as const,
  message: { notification: true as const, method },
});

describe('upstream queue', () => {
  test('keeps what is not confirmed, in order', () => {
    const queue = new UpstreamQueue();
    for (const method of ['a', 'b', 'c']) queue.push(message(method));
    queue.acknowledge(1);
    expect(queue.pending().map(({ upSeq }) => upSeq)).toEqual([2, 3]);
    queue.acknowledge(3);
    expect(queue.isEmpty).toBe(true);
    expect(queue.push(message('d'))).toMatchObject({ upSeq: 4 });
  });

  test('refuses messages when full, but always has room for the end', () => {
    const queue = new UpstreamQueue({ maxMessages: 1, maxBytes: 1_000 });
    expect(queue.push(message('a'))).toMatchObject({ upSeq: 1 });
    expect(queue.push(message('b'))).toBe('full');
    expect(queue.push({ kind: 'leave' })).toMatchObject({ upSeq: 2 });
  });

  test.each([
    ['numbers that JSON writes longer than they came', { method: 'm', data: Array(250_000).fill(1e20) }],
    ['characters of several bytes', { method: 'm', data: '\u20ac'.repeat(1_400_000) }],
  ])('refuses what does not fit a frame of the link: %s', (_case, { method, data }) => {
    const queue = new UpstreamQueue();
    expect(queue.push({ kind: 'message', message: { notification: true, method, data } })).toBe('too-large');
    expect(queue.isEmpty).toBe(true);
  });
});
