import { ReplayBuffer } from '../../../core/session/replay-buffer';

const note = (method: string) => ({ notification: true as const, method });

describe('replay buffer', () => {
  test('numbers from 1, and gives what came after a number in order', () => {
    const buffer = new ReplayBuffer();
    expect(['a', 'b', 'c'].map((method) => buffer.append(note(method)))).toEqual([1, 2, 3]);
    expect(buffer.after(1)).toEqual([
      { seq: 2, message: note('b') },
      { seq: 3, message: note('c') },
    ]);
    expect(buffer.after(3)).toEqual([]);
  });

  test('forgets what is acknowledged, and ignores old and absurd acknowledgements', () => {
    const buffer = new ReplayBuffer();
    for (const method of ['a', 'b', 'c']) buffer.append(note(method));
    buffer.acknowledge(2);
    buffer.acknowledge(1);
    expect(buffer.size).toBe(1);
    expect(buffer.after(1)).toBeUndefined();
    buffer.acknowledge(1_000);
    expect(buffer.append(note('d'))).toBe(4);
    expect(buffer.after(3)).toHaveLength(1);
  });

  test('never replays with a gap, nor to a client that claims the future', () => {
    const buffer = new ReplayBuffer({ maxMessages: 2, maxBytes: 1_000 });
    for (const method of ['a', 'b', 'c']) buffer.append(note(method));
    expect(buffer.after(0)).toBeUndefined();
    expect(buffer.after(1)).toHaveLength(2);
    expect(buffer.after(4)).toBeUndefined();
  });

  test('is bounded in bytes, also for one message that is larger than all of it', () => {
    const buffer = new ReplayBuffer({ maxMessages: 100, maxBytes: 300 });
    for (let i = 0; i < 20; i += 1) buffer.append(note('x'.repeat(50)));
    expect(buffer.size).toBeLessThanOrEqual(4);
    buffer.append(note('x'.repeat(1_000)));
    expect(buffer.size).toBe(0);
    expect(buffer.after(buffer.lastSeq)).toEqual([]);
  });

  test('keeps what was sent, not what the sender makes of it later', () => {
    const buffer = new ReplayBuffer();
    const data = { volume: 1 };
    buffer.append({ notification: true, method: 'a', data });
    data.volume = 2;
    expect(buffer.after(0)?.[0]?.message).toMatchObject({ data: { volume: 1 } });
  });
});
