import type { MicrophoneLevel } from '../../../core/cascade/heard-ranking';
import { RoomTree, type RoomTreeListener } from '../../../core/cascade/room-tree';
import {
  roomLinkMessageSchema,
  type AnnouncedPeer,
  type RoomLinkMessage,
} from '../../../core/protocol/room-link';
import { ManualClock } from '../../helpers/manual-clock';

const GRACE_MS = 3_000;

/** Nodes of one room, with links between them that a test makes and cuts. */
class Net {
  readonly clock = new ManualClock();
  readonly nodes = new Map<string, Seen>();
  readonly #links = new Set<string>();
  /** Under way, in their order. */
  readonly #queue: { from: string; to: string; message: RoomLinkMessage }[] = [];

  add(nodeId: string): Seen {
    const seen = new Seen(nodeId, this);
    this.nodes.set(nodeId, seen);
    return seen;
  }

  send(from: string, to: string, message: RoomLinkMessage): void {
    // As JSON, like on a real link.
    const parsed = roomLinkMessageSchema.parse(JSON.parse(JSON.stringify(message)));
    if (this.#links.has(linkOf(from, to))) this.#queue.push({ from, to, message: parsed });
  }

  link(a: string, b: string): void {
    this.#links.add(linkOf(a, b));
    this.nodes.get(a)?.tree.neighbourUp(b);
    this.nodes.get(b)?.tree.neighbourUp(a);
    this.deliver();
  }

  cut(a: string, b: string): void {
    this.#links.delete(linkOf(a, b));
    this.nodes.get(a)?.tree.neighbourDown(b);
    this.nodes.get(b)?.tree.neighbourDown(a);
    this.deliver();
  }

  deliver(): void {
    let delivered = 0;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      delivered += 1;
      if (delivered > 10_000) throw new Error('messages go round for ever');
      this.nodes.get(next.to)?.tree.receive(next.from, next.message);
    }
  }
}

/** One node, and what it knows of the others. */
class Seen implements RoomTreeListener {
  readonly tree: RoomTree;
  readonly log: string[] = [];
  readonly peers = new Map<string, AnnouncedPeer>();
  readonly pipes: unknown[] = [];
  readonly heard = new Map<string, string[]>();
  readonly levelsOf = new Map<string, readonly MicrophoneLevel[]>();
  /** Microphones, by who says so. */
  readonly microphones = new Map<string, readonly string[] | undefined>();

  constructor(
    readonly nodeId: string,
    net: Net,
  ) {
    this.tree = new RoomTree({
      nodeId,
      region: `region of ${nodeId}`,
      graceMs: GRACE_MS,
      clock: net.clock,
      send: (to, message) => net.send(nodeId, to, message),
      listener: this,
    });
  }

  nodeReached(nodeId: string): void {
    this.log.push(`reached ${nodeId}`);
  }

  nodeUnreached(nodeId: string): void {
    this.log.push(`unreached ${nodeId}`);
  }

  nodeGone(nodeId: string): void {
    this.log.push(`gone ${nodeId}`);
  }

  peerChanged(nodeId: string, peer: AnnouncedPeer): void {
    this.peers.set(`${nodeId}/${peer.peerId}`, peer);
  }

  peerGone(nodeId: string, peerId: string): void {
    this.peers.delete(`${nodeId}/${peerId}`);
  }

  speaking(nodeId: string, speakers: readonly { peerId: string }[]): void {
    this.heard.set(
      nodeId,
      speakers.map(({ peerId }) => peerId),
    );
  }

  levels(nodeId: string, levels: readonly MicrophoneLevel[]): void {
    this.levelsOf.set(nodeId, levels);
  }

  heardMicrophones(nodeId: string, producerIds: readonly string[] | undefined): void {
    this.microphones.set(nodeId, producerIds);
  }

  synced(nodeId: string): void {
    this.log.push(`synced ${nodeId}`);
  }

  pipe(nodeId: string, message: unknown): void {
    this.pipes.push([nodeId, message]);
  }

  /** Everybody on other nodes, in order. */
  get others(): string[] {
    return [...this.peers.keys()].sort();
  }
}

function linkOf(a: string, b: string): string {
  return [a, b].sort().join(' ');
}

function peer(peerId: string, more: Partial<AnnouncedPeer> = {}): AnnouncedPeer {
  return {
    peerId,
    stamp: 1,
    displayName: peerId.toUpperCase(),
    device: { flag: 'test', name: 'test', version: undefined },
    remoteAddress: '',
    streams: [],
    data: [],
    ...more,
  };
}

/** A home with two edges, each with a peer of its own. */
function homeAndEdges() {
  const net = new Net();
  const [home, left, right] = [net.add('home'), net.add('left'), net.add('right')];
  for (const { tree, nodeId } of [home, left, right]) tree.setOwnPeer(peer(`p-${nodeId}`));
  net.link('home', 'left');
  net.link('home', 'right');
  return { net, home, left, right };
}

test('every node knows the region of all others, also of those that are reached through somebody', () => {
  const { home, left, right } = homeAndEdges();
  expect(home.tree.regionOf('left')).toBe('region of left');
  expect(left.tree.regionOf('right')).toBe('region of right');
  expect(right.tree.regionOf('nobody')).toBeUndefined();
});

test('an edge learns of its home which home is the root among the regions, also when it changes', () => {
  const { net, home, left } = homeAndEdges();
  expect(left.tree.rootOf('home')).toBeUndefined();
  home.tree.setOwnRoot('far');
  net.deliver();
  expect([home.tree.rootOf('home'), left.tree.rootOf('home')]).toEqual(['far', 'far']);
  const late = net.add('late');
  net.link('home', 'late');
  expect(late.tree.rootOf('home')).toBe('far');
  home.tree.setOwnRoot(undefined);
  net.deliver();
  expect(late.tree.rootOf('home')).toBeUndefined();
});

test('every node knows the peers of all others, and not its own as another one', () => {
  const { home, left, right } = homeAndEdges();
  expect(home.others).toEqual(['left/p-left', 'right/p-right']);
  expect(left.others).toEqual(['home/p-home', 'right/p-right']);
  expect(right.others).toEqual(['home/p-home', 'left/p-left']);
  expect(right.tree.count()).toEqual({ peers: 2, publishers: 0 });
});

test('what changes on one node is known on all others', () => {
  const { net, left, right } = homeAndEdges();
  left.tree.setOwnPeer(peer('p-left', { displayName: 'Ada' }));
  net.deliver();
  expect(right.peers.get('left/p-left')?.displayName).toBe('Ada');
  left.tree.removeOwnPeer('p-left');
  left.tree.setOwnPeer(peer('another'));
  left.tree.setOwnSpeaking([{ peerId: 'another', volume: -20 }], 'another');
  net.deliver();
  expect(right.others).toEqual(['home/p-home', 'left/another']);
  expect(right.heard.get('left')).toEqual(['another']);
});

test('a pipe reaches the node that it is for, over the nodes between, and says where it comes from', () => {
  const { net, home, left, right } = homeAndEdges();
  expect(left.tree.sendPipe('right', { hello: 1 })).toBe(true);
  net.deliver();
  expect(right.pipes).toEqual([['left', { hello: 1 }]]);
  expect(home.pipes).toEqual([]);
  expect(left.tree.sendPipe('stranger', {})).toBe(false);
});

test('levels reach the node that they are for alone, and who is heard is known to all, also to who comes later', () => {
  const { net, home, left, right } = homeAndEdges();
  const levels = [{ producerId: 'microphone', volume: -30 }];
  expect(left.tree.sendLevels('home', levels)).toBe(true);
  home.tree.setOwnHeard(['microphone']);
  net.deliver();
  expect(home.levelsOf.get('left')).toEqual(levels);
  expect(right.levelsOf.size).toBe(0);
  expect(right.microphones.get('home')).toEqual(['microphone']);
  const late = net.add('late');
  net.link('left', 'late');
  net.deliver();
  expect(late.microphones.get('home')).toEqual(['microphone']);
  home.tree.setOwnHeard(undefined);
  net.deliver();
  expect(late.microphones.get('home')).toBeUndefined();
  net.cut('home', 'left');
  expect(left.tree.sendLevels('home', levels)).toBe(false);
});

test('who loses its way keeps its peers for the grace period, then they are gone for everybody', async () => {
  const { net, home, left, right } = homeAndEdges();
  net.cut('home', 'right');
  expect(home.log).toContain('unreached right');
  expect(home.others).toEqual(['left/p-left', 'right/p-right']);
  expect(left.tree.sendPipe('right', {})).toBe(true);
  await net.clock.advance(GRACE_MS - 1);
  net.deliver();
  expect(left.others).toEqual(['home/p-home', 'right/p-right']);
  await net.clock.advance(1);
  net.deliver();
  expect(home.others).toEqual(['left/p-left']);
  expect(left.others).toEqual(['home/p-home']);
  expect(left.log).toContain('gone right');
  expect(right.others).toEqual([]);
});

test('who comes back within the grace period is as before, but for those who left meanwhile', async () => {
  const { net, home, left, right } = homeAndEdges();
  right.tree.setOwnPeer(peer('leaves'));
  net.deliver();
  net.cut('home', 'right');
  right.tree.removeOwnPeer('leaves');
  right.tree.setOwnPeer(peer('comes'));
  left.tree.removeOwnPeer('p-left');
  net.deliver();
  await net.clock.advance(GRACE_MS - 1);
  net.link('home', 'right');
  await net.clock.advance(GRACE_MS);
  net.deliver();
  expect(home.others).toEqual(['right/comes', 'right/p-right']);
  expect(left.others).toEqual(['home/p-home', 'right/comes', 'right/p-right']);
  expect(right.others).toEqual(['home/p-home']);
  expect(left.log).not.toContain('gone right');
  // The far side of the cut hears that the way was broken, so that its pipes make good what was lost.
  expect(left.log.filter((line) => line === 'reached right')).toHaveLength(2);
});

test('edges whose home is gone find each other through the next one without losing sight of each other', async () => {
  const { net, home, left, right } = homeAndEdges();
  net.cut('home', 'left');
  net.cut('home', 'right');
  await net.clock.advance(1_000);
  net.link('left', 'right');
  net.deliver();
  expect(left.others).toEqual(['home/p-home', 'right/p-right']);
  await net.clock.advance(GRACE_MS);
  net.deliver();
  expect(left.others).toEqual(['right/p-right']);
  expect(right.others).toEqual(['left/p-left']);
  expect(left.log).not.toContain('gone right');
  home.tree.close();
});

test('a node that leaves is gone at once, and those behind it have the grace period', () => {
  const { net, home, left } = homeAndEdges();
  left.tree.neighbourLeft('home');
  expect(left.others).toEqual(['right/p-right']);
  home.tree.neighbourLeft('right');
  net.deliver();
  expect(home.others).toEqual(['left/p-left']);
});

test('a loop in the tree ends the messages, not the process', () => {
  const { net, home, left, right } = homeAndEdges();
  net.link('left', 'right');
  left.tree.setOwnPeer(peer('p-left', { displayName: 'Ada' }));
  right.tree.sendPipe('left', 1);
  net.deliver();
  expect(home.peers.get('left/p-left')?.displayName).toBe('Ada');
  expect(right.peers.get('left/p-left')?.displayName).toBe('Ada');
});

test('what a stranger says, or a neighbour of a node behind another one, is not taken', () => {
  const { home, left } = homeAndEdges();
  home.tree.receive('stranger', { t: 'node', origin: 'stranger', hops: 0 });
  left.tree.receive('home', { t: 'peerGone', origin: 'nobody', hops: 0, peerId: 'p-home' });
  home.tree.receive('left', { t: 'peerGone', origin: 'right', hops: 0, peerId: 'p-right' });
  home.tree.receive('left', { t: 'peer', origin: 'home', hops: 0, peer: peer('forged') });
  expect(home.others).toEqual(['left/p-left', 'right/p-right']);
  expect(left.others).toEqual(['home/p-home', 'right/p-right']);
});

test('two with the same id are both known, until the older one has left', () => {
  const { net, home, left, right } = homeAndEdges();
  left.tree.setOwnPeer(peer('ada', { stamp: 1 }));
  right.tree.setOwnPeer(peer('ada', { stamp: 2 }));
  net.deliver();
  const named = home.tree.peersNamed('ada').map(({ nodeId, peer: { stamp } }) => [nodeId, stamp]);
  expect(named).toEqual([
    ['left', 1],
    ['right', 2],
  ]);
  left.tree.removeOwnPeer('ada');
  net.deliver();
  expect(home.tree.peersNamed('ada').map(({ nodeId }) => nodeId)).toEqual(['right']);
});
