import { ReceivingSlots } from '../../../node-app/media/receiving-slots';
import { ManualClock } from '../../helpers/manual-clock';

function setUp(...producerIds: string[]) {
  const clock = new ManualClock();
  const slots = new ReceivingSlots({
    slots: producerIds.map((producerId, index) => ({ producerId, mid: String(index * 2) })),
    patienceMs: 1_000,
    clock,
  });
  const went: string[] = [];
  const go = (producerId: string) =>
    void slots.turn(producerId).then(() => {
      went.push(producerId);
      slots.done(producerId);
    });
  return { clock, slots, went, go };
}

test('whoever is ready first, the places are taken in their order, and others come last', async () => {
  const { clock, went, go } = setUp('a', 'b', 'c');
  for (const producerId of ['new', 'c', 'b', 'a']) go(producerId);
  await clock.advance(0);
  expect(went).toEqual(['a', 'b', 'c', 'new']);
});

test('one that does not come holds the others up for a second, and one that can not come not at all', async () => {
  const { clock, slots, went, go } = setUp('a', 'b', 'c', 'd');
  for (const producerId of ['d', 'c']) go(producerId);
  slots.done('b');
  await clock.advance(999);
  expect(went).toEqual([]);
  await clock.advance(1);
  expect(went.sort()).toEqual(['c', 'd']);
  go('a');
  await clock.advance(0);
  expect(went).toContain('a');
});

test('each place keeps its mid, and new ones are behind all of them', () => {
  const { slots } = setUp('a', 'b');
  expect([slots.midFor('b'), slots.midFor('a'), slots.midFor('x'), slots.midFor('y')]).toEqual([
    '2',
    '0',
    '3',
    '4',
  ]);
  slots.done('a');
  // Offered again, since its pipe broke: a mid is used once.
  expect(slots.midFor('a')).toBe('5');
});

test('one that is offered again before its turn gets another mid, and neither waits for the other', async () => {
  const { clock, slots } = setUp('a', 'b');
  expect(slots.midFor('b')).toBe('2');
  const went: string[] = [];
  void slots.turn('b').then(() => went.push('first'));
  expect(slots.midFor('b')).toBe('3');
  void slots.turn('b').then(() => went.push('second'));
  await clock.advance(0);
  expect(went).toEqual(['first']);
  slots.done('a');
  await clock.advance(0);
  expect(went).toEqual(['first', 'second']);
});

test('one that is offered again goes also when the one before has given the place up', async () => {
  const { clock, slots } = setUp('a', 'b');
  const went: string[] = [];
  void slots.turn('b').then(() => went.push('again'));
  // What was offered first could not be pulled.
  slots.done('b');
  slots.done('a');
  await clock.advance(0);
  expect(went).toEqual(['again']);
  expect(clock.waiting).toBe(0);
});

test('the places of producers that are gone stay empty', async () => {
  const { clock, slots, went, go } = setUp('a', 'b', 'c');
  slots.arrange(['c']);
  go('c');
  await clock.advance(0);
  expect(went).toEqual(['c']);
  expect(slots.midFor('x')).toBe('5');
  slots.close();
  expect(clock.waiting).toBe(0);
});

test('those without a place get one, in their order and behind the others', async () => {
  const { clock, slots, went, go } = setUp('a', 'b');
  slots.arrange(['x', 'b', 'y']);
  expect(['b', 'x', 'y'].map((producerId) => slots.orderOf(producerId))).toEqual([0, 1, 2]);
  for (const producerId of ['later', 'y', 'x', 'b']) go(producerId);
  await clock.advance(0);
  expect(went).toEqual(['b', 'x', 'y', 'later']);
});

test('a connection that had no places numbers them from 0', () => {
  const slots = new ReceivingSlots({ patienceMs: 1_000, clock: new ManualClock() });
  slots.arrange(['a', 'b']);
  expect(['b', 'a', 'c'].map((producerId) => slots.midFor(producerId))).toEqual(['1', '0', '2']);
});
