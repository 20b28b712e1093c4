import { AudioRoom, LOUD, QUIET, SILENT, type Listener, type Talker } from '../../helpers/audio-room';
import { SharedNodes } from '../../helpers/shared-nodes';

let nodes: SharedNodes;
let room: AudioRoom;

beforeEach(async () => {
  nodes = await SharedNodes.start(3);
  room = new AudioRoom();
});

afterEach(async () => {
  await room.close();
  nodes.close();
});

/** Two who talk and one who listens on each of three nodes: a0, b0, a1, … All `a` are loud. */
async function threeNodes(): Promise<{ talkers: Talker[]; listeners: Listener[] }> {
  const talkers: Talker[] = [];
  const listeners: Listener[] = [];
  for (const index of [0, 1, 2]) {
    const port = nodes.port(index);
    talkers.push(await room.talker(port, `a${index}`, LOUD), await room.talker(port, `b${index}`, QUIET));
    listeners.push(await room.listener(port, `listener${index}`));
  }
  return { talkers, listeners };
}

const level = (talkers: readonly Talker[], peerId: string, value: number) =>
  talkers.find(({ client }) => client.peerId === peerId)?.stream.setLevel(value);

test('the loudest of three nodes are heard on all of them, and nobody else', async () => {
  const { talkers, listeners } = await threeNodes();
  for (const listener of listeners) await listener.hearsOnly(talkers, 'a0', 'a1', 'a2');
  // On one node all speak, and nobody elsewhere.
  for (const peerId of ['a0', 'b0', 'a1']) level(talkers, peerId, SILENT);
  level(talkers, 'b1', LOUD);
  level(talkers, 'b2', LOUD);
  for (const listener of listeners) await listener.hearsOnly(talkers, 'b1', 'a2', 'b2');
}, 90_000);

test('when the home is gone the next one ranks, and who speaks meanwhile on a node is heard there', async () => {
  const { talkers, listeners } = await threeNodes();
  const [, onB, onC] = listeners as [Listener, Listener, Listener];
  await onC.hearsOnly(talkers, 'a0', 'a1', 'a2');
  nodes.kill(0);
  level(talkers, 'b2', LOUD);
  level(talkers, 'a2', SILENT);
  const left = talkers.filter(({ client }) => !client.peerId.endsWith('0'));
  // Four microphones are left for three places.
  await onC.hearsOnly(left, 'a1', 'b1', 'b2');
  await onB.hearsOnly(left, 'a1', 'b1', 'b2');
}, 90_000);
