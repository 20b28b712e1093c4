import type { types } from 'mediasoup';
import type { MediaNode } from '../../node-app/media/media-node';
import { AudioRoom, LOUD, QUIET, SILENT, type Talker, type TalkerOptions } from '../helpers/audio-room';
import { eventually } from '../helpers/eventually';
import { startMediaNode } from '../helpers/media-node';

let node: MediaNode;
let room: AudioRoom;

beforeEach(async () => {
  ({ node } = await startMediaNode());
  room = new AudioRoom();
});

afterEach(async () => {
  await room.close();
  node.close();
});

const talker = (peerId: string, level: number, options?: TalkerOptions) =>
  room.talker(node, peerId, level, options);

/** One after the other. */
async function talkers(levels: Record<string, number>): Promise<Talker[]> {
  const list: Talker[] = [];
  for (const [peerId, level] of Object.entries(levels)) list.push(await talker(peerId, level));
  return list;
}

test('as long as a room has no more microphones than places, all are heard, silent or not', async () => {
  const listener = await room.listener(node, 'listener');
  const all = await talkers({ a: LOUD, b: SILENT, c: SILENT });
  await listener.hearsOnly(all, 'a', 'b', 'c');
  expect(await listener.hears(all, 2_000)).toEqual(['a', 'b', 'c']);
});

test('in a larger room the loudest are heard, and whoever begins to speak takes the place of a silent one', async () => {
  const listener = await room.listener(node, 'listener');
  const all = await talkers({ a: LOUD, b: LOUD, c: LOUD, d: QUIET, e: QUIET });
  await listener.hearsOnly(all, 'a', 'b', 'c');
  // The client isn't told: for it they are there, and say nothing.
  expect(listener.client.peer.notifications('consumerPaused')).toEqual([]);
  for (const one of all.slice(0, 4)) one.stream.setLevel(SILENT);
  const [, , , , e] = all as [Talker, Talker, Talker, Talker, Talker];
  const before = listener.packetsOf(e);
  await eventually(() => listener.packetsOf(e) > before, { timeoutMs: 2_000 });
  expect(await listener.hears(all)).toContain('e');
});

test('a consumer that its client paused stays so, however loud its producer is', async () => {
  const listener = await room.listener(node, 'listener');
  const all = await talkers({ a: QUIET, b: QUIET, c: QUIET, d: SILENT });
  const [, , c, d] = all as [Talker, Talker, Talker, Talker];
  await listener.hearsOnly(all, 'a', 'b', 'c');
  await listener.client.control('pauseConsumer', { consumerId: listener.consumerOf(d) });
  d.stream.setLevel(LOUD);
  c.stream.setLevel(SILENT);
  await listener.hearsOnly(all, 'a', 'b');
  await listener.client.control('resumeConsumer', { consumerId: listener.consumerOf(d) });
  await listener.hearsOnly(all, 'a', 'b', 'd');
  // And resuming one that isn't heard doesn't make it so.
  await listener.client.control('resumeConsumer', { consumerId: listener.consumerOf(c) });
  expect(await listener.hears(all)).toEqual(['a', 'b', 'd']);
});

test('whom a client pins is heard by it, and by nobody else for that', async () => {
  const [listener, other] = [await room.listener(node, 'listener'), await room.listener(node, 'other')];
  const all = await talkers({ a: LOUD, b: LOUD, c: LOUD, d: QUIET });
  await listener.hearsOnly(all, 'a', 'b', 'c');
  await listener.client.peer.request('setPinnedPeers', { peerIds: ['d'] });
  await listener.hearsOnly(all, 'a', 'b', 'c', 'd');
  expect(await other.hears(all)).toEqual(['a', 'b', 'c']);
  await listener.client.peer.request('setPinnedPeers', { peerIds: [] });
  await listener.hearsOnly(all, 'a', 'b', 'c');
  const tooMany = { peerIds: Array.from({ length: 101 }, (_, i) => `p${i}`) };
  await expect(listener.client.peer.request('setPinnedPeers', tooMany)).rejects.toMatchObject({
    code: 'FLEET_ERR_BAD_REQUEST',
  });
});

test('the sound of a screen and of clients that do not say how loud it is always come through', async () => {
  const listener = await room.listener(node, 'listener');
  const withoutLevels = (parameters: types.RtpParameters) => ({ ...parameters, headerExtensions: [] });
  const all = [
    await talker('screen', SILENT, { appData: { share: true } }),
    await talker('unknown', SILENT, { rtpParameters: withoutLevels }),
    ...(await talkers({ a: LOUD, b: LOUD, c: LOUD, d: QUIET })),
  ];
  await listener.hearsOnly(all, 'screen', 'unknown', 'a', 'b', 'c');
});

test('when enough microphones are gone, all others are heard again', async () => {
  const listener = await room.listener(node, 'listener');
  const all = await talkers({ a: LOUD, b: LOUD, c: LOUD, d: QUIET });
  await listener.hearsOnly(all, 'a', 'b', 'c');
  const [a] = all as [Talker];
  a.stream.stop();
  await a.client.control('closeProducer', { producerId: a.producerId });
  await listener.hearsOnly(all, 'b', 'c', 'd');
});
