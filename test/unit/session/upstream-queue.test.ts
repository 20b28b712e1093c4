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
    expect(queue.push(message('a'))).toBeDefined();
    expect(queue.push(message('b'))).toBeUndefined();
    expect(queue.push({ kind: 'leave' })).toMatchObject({ upSeq: 2 });
  });
});
