import { opusParameters } from '../../../local/load/rtp-streams';
import { DemoClient } from '../../helpers/demo-client';
import { eventually } from '../../helpers/eventually';
import { SharedNodes } from '../../helpers/shared-nodes';

/** Above so many people, who only listens is counted. */
const MAX_LISTED = 4;

let nodes: SharedNodes;
const clients = new Map<string, DemoClient>();

beforeEach(async () => {
  nodes = await SharedNodes.start(2, { maxListedPeers: MAX_LISTED });
});

afterEach(() => {
  clients.clear();
  nodes.close();
});

interface Found {
  peers: { peerId: string }[];
  audience?: number;
}

let claims = 0;

/** Comes to that node, and gives whom it finds. */
async function enter(on: number, peerId: string, generation: 'current' | 'legacy' = 'current') {
  claims += 1;
  const client = await DemoClient.open(nodes.port(on), {
    peerId,
    generation,
    claim: { seq: claims, expectedPeers: 10, reserved: { egressBps: 1_000, packetsPerSecond: 1 } },
  });
  clients.set(peerId, client);
  const { peers, audience } = (await client.enter()) as unknown as Found;
  return { listed: peers.map((peer) => peer.peerId).join(), audience };
}

const of = (peerId: string): DemoClient => {
  const client = clients.get(peerId);
  if (!client) throw new Error(`no ${peerId}`);
  return client;
};

/** Whom it was told of since it came, and who was told to have left. */
const told = (peerId: string) => {
  const { peer } = of(peerId);
  const came = peer
    .notifications('newPeer')
    .map(({ peer: who, id }) => id ?? (who as { peerId: string }).peerId);
  const left = peer.notifications('peerClosed').map((data) => `-${data.peerId as string}`);
  return [...(came as string[]), ...left].join();
};

const audienceOf = (peerId: string) => of(peerId).peer.notifications('audience').at(-1)?.count;

/** Four who are listed, two on each node; and three who only listen. */
async function fill(): Promise<void> {
  for (const [index, peerId] of ['a', 'b', 'c', 'd'].entries()) await enter(index % 2, peerId);
  for (const peerId of ['a', 'b', 'c', 'd'])
    await eventually(() => told(peerId).includes('d') || peerId === 'd');
  for (const [index, peerId] of ['x', 'y', 'z'].entries()) await enter(index % 2, peerId);
}

test('in a large room those who only listen are counted on all nodes, and listed once they send', async () => {
  await fill();
  for (const peerId of ['a', 'b', 'c', 'd']) await eventually(() => audienceOf(peerId) === 3);
  for (const peerId of ['x', 'y', 'z']) await eventually(() => audienceOf(peerId) === 2);
  expect([told('a'), told('b'), told('x')]).toEqual(['b,c,d', 'c,d', '']);
  for (const on of [0, 1]) {
    expect(await enter(on, `late${on}`)).toEqual({ listed: 'a,b,c,d', audience: 3 + on });
  }
  expect(await enter(0, 'old', 'legacy')).toMatchObject({ audience: 5 });

  of('x').peer.notify('changeDisplayName', { displayName: 'X' });
  await of('x').produce('audio', opusParameters(700));
  for (const peerId of ['a', 'b', 'y', 'late1', 'old']) {
    await eventually(() => told(peerId).endsWith('x'));
    const offer = await eventually(() => of(peerId).consumers()[0]);
    expect(offer).toMatchObject({ peerId: 'x', kind: 'audio' });
    const methods = of(peerId).peer.seen.map(({ method }) => method);
    expect(methods.lastIndexOf('newPeer')).toBeLessThan(methods.indexOf('newConsumer'));
    expect(methods).not.toContain('peerDisplayNameChanged');
  }
  await eventually(() => audienceOf('b') === 5);
  expect(await enter(1, 'last')).toEqual({ listed: 'a,b,c,d,x', audience: 5 });

  // Who has sent stays listed.
  await of('x').control('closeProducer', {
    producerId: of('a').consumers()[0]?.producerId,
  });
  of('y').peer.leave();
  await eventually(() => audienceOf('b') === 5 && audienceOf('a') === 5);
  of('x').peer.leave();
  await eventually(() => told('b') === 'c,d,x,-x');
});

test('who begins to send data is listed too', async () => {
  await fill();
  await of('y').produceData('chat');
  for (const peerId of ['a', 'd', 'x']) await eventually(() => told(peerId).endsWith('y'));
  await eventually(() => audienceOf('a') === 2);
});

test('when the room has become small everybody is listed again, and leavings are told', async () => {
  await fill();
  await eventually(() => audienceOf('a') === 3);
  for (const peerId of ['b', 'c', 'd']) of(peerId).peer.leave();
  await eventually(() => told('a').includes('-d'));
  of('x').peer.leave();
  of('y').peer.leave();
  await eventually(() => told('a').endsWith('-d') || told('a').includes('z'));
  await eventually(() => told('a').includes('z') && audienceOf('a') === 0);
  of('z').peer.leave();
  await eventually(() => told('a').includes('-z'));
});

test('who comes again on another node is told to have gone and come, and stays listed', async () => {
  await enter(0, 'a');
  for (const on of [0, 1]) await enter(on, `w${on}`);
  await eventually(() => told('w0').includes('w1'));
  await enter(1, 'a');
  const ofA = (peerId: string) =>
    of(peerId)
      .peer.seen.filter(({ data }) => JSON.stringify(data).includes('"peerId":"a"'))
      .map(({ method }) => method)
      .join();
  for (const on of [0, 1]) await eventually(() => ofA(`w${on}`).endsWith('peerClosed,newPeer'));
  for (const on of [0, 1]) expect((await enter(on, `late${on}`)).listed.split(',')).toContain('a');
  of('a').peer.leave();
  for (const peerId of ['w0', 'w1', 'late0']) await eventually(() => ofA(peerId).endsWith('peerClosed'));
});
