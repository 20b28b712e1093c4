import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { SignallingPeer } from '../helpers/signalling-peer';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';
import { ProcessTree } from './process-tree';

const ROOMS = 20;
const PEERS_PER_ROOM = 5;
/** Audio and video of each of the others. */
const CONSUMERS_PER_PEER = 2 * (PEERS_PER_ROOM - 1);

/** Memory of a node: its Node process and its one worker. */
async function round(): Promise<Sample[]> {
  const fleet = await RunningFleet.start(['--nodes', '1', '--workers', '1', '--capacity-mbps', '1000']);
  const peers: SignallingPeer[] = [];
  try {
    const node = new ProcessTree(fleet.nodePid(fleet.node(1)));
    const idle = node.residentMiB();
    for (let room = 0; room < ROOMS; room += 1) {
      for (let index = 0; index < PEERS_PER_ROOM; index += 1) {
        const peer = await SignallingPeer.connect({
          url: fleet.webSocketUrl,
          roomId: `room-${room}`,
          peerId: `peer-${index}`,
        });
        peers.push(peer);
        await peer.join({ publish: true });
      }
    }
    await eventually(() => peers.every(({ consumers }) => consumers.length === CONSUMERS_PER_PEER));
    const full = node.residentMiB();
    return [
      { name: 'idle_rss_mb', unit: 'MiB', value: idle, bound: '<= 150' },
      { name: 'rss_mb_per_100_peers', unit: 'MiB', value: ((full - idle) / peers.length) * 100 },
    ];
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
    await fleet.stop();
  }
}

export const bench: Benchmark = {
  name: 'footprint',
  description: 'memory of a node with one worker, idle and per 100 peers in rooms of five',
  defaultRounds: 3,
  run: (options: BenchmarkOptions) => runRounds(options, round),
};
