import { MessageOrder } from '../../../node-app/media/cascade/message-order';
import { RecentPipes } from '../../../node-app/media/cascade/recent-pipes';
import { sinkMessageSchema, sourceMessageSchema } from '../../../core/protocol/pipe';

const pipe = '0123456789abcdef';

test('a repetition is known, and so is a gap', () => {
  const order = new MessageOrder();
  expect([order.next(), order.next()]).toEqual([1, 2]);
  expect([1, 2, 2, 1, 5, 4, 6].map((seq) => order.place(seq))).toEqual([
    'next',
    'next',
    'old',
    'old',
    'afterGap',
    'old',
    'next',
  ]);
});

test('of ended pipes a bounded number is remembered', () => {
  const recent = new RecentPipes();
  recent.add('first', true);
  for (let index = 0; index < 999; index += 1) recent.add(`p${index}`, false);
  expect([recent.has('first'), recent.wasTold('first'), recent.wasTold('p0')]).toEqual([true, true, false]);
  recent.add('one more', false);
  expect([recent.has('first'), recent.has('p0')]).toEqual([false, true]);
});

test.each([
  ['an id that is too long', { m: 'pull', pipe, seq: 1, id: 'x'.repeat(101), lane: 'whole' }],
  ['no such lane', { m: 'pull', pipe, seq: 1, id: 'x', lane: 'sideways' }],
  ['a pipe id that could be guessed', { m: 'drop', pipe: 'p1', seq: 1, id: 'x' }],
  ['too many layers', { m: 'want', pipe, seq: 1, id: 'x', spatialLayers: Array(17).fill(0) }],
  ['a layer that can’t be', { m: 'want', pipe, seq: 1, id: 'x', spatialLayers: [-1] }],
  [
    'a temporal layer that can’t be',
    { m: 'want', pipe, seq: 1, id: 'x', spatialLayers: [0], temporalLayer: 0.5 },
  ],
  ['no number', { m: 'drop', pipe, id: 'x' }],
  ['too much at once', { m: 'sync', pipe, seq: 1, pulled: [], pulling: Array(5_001).fill('x') }],
  [
    'a port that is none',
    {
      m: 'openLane',
      pipe,
      seq: 1,
      lane: 'whole',
      end: {
        ip: '127.0.0.1',
        port: 0,
        srtpParameters: { cryptoSuite: 'AEAD_AES_256_GCM', keyBase64: 'AAAA' },
      },
    },
  ],
  ['what only a source sends', { m: 'closed', pipe, seq: 1, id: 'x' }],
])('a sink’s message is refused for %s', (_, message) => {
  expect(sinkMessageSchema.safeParse(message).success).toBe(false);
});

test('an error code of a newer release is read as an internal one', () => {
  const error = { code: 'FLEET_ERR_OF_TOMORROW', message: 'm' };
  expect(sourceMessageSchema.parse({ m: 'failed', pipe, seq: 1, call: 1, error })).toMatchObject({
    error: { code: 'FLEET_ERR_INTERNAL' },
  });
});
