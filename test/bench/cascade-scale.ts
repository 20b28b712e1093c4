import { BroadcastRoom } from './cascade/broadcast-room';
import { CAMERA_LAYERS, TOP_PACKETS_PER_SECOND } from './cascade/camera';
import { addUses, type ForwardingUse } from './cascade/forwarding-use';
import type { SourceCommand } from './forwarding/messages';
import { BenchProcesses } from './forwarding/processes';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

const NODES = 4;
const VIEWERS_PER_NODE = 50;
const WINDOW_MS = 3_000;

/**
 * What a packet to a viewer costs when its room grows from one node to four with as many viewers on each: CPU of all
 * workers that hold the room, divided by the packets that go to viewers. Packets in pipes count in the CPU and not among
 * the packets, so the ratio is what the cascade adds. In each round the room grows and shrinks again, and is measured
 * in the order 1, 4, 4, 1 nodes.
 */
export const bench: Benchmark = {
  name: 'cascade-scale',
  description: 'worker CPU per packet to a viewer, as a room grows from 1 to 4 nodes',
  defaultRounds: 2,
  run: (options) => run(options),
};

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const processes = new BenchProcesses();
  let room: BroadcastRoom | undefined;
  try {
    const ports = await processes.startSink(NODES * VIEWERS_PER_NODE);
    const started = await BroadcastRoom.start(NODES, VIEWERS_PER_NODE);
    room = started;
    const source = processes.startSource({ ports: [await started.publish()], layers: CAMERA_LAYERS });
    source.send('send' satisfies SourceCommand);
    const portsOf = (node: number): number[] =>
      ports.slice(node * VIEWERS_PER_NODE, (node + 1) * VIEWERS_PER_NODE);
    const others = Array.from({ length: NODES - 1 }, (_, index) => index + 1);
    await started.enter(0, portsOf(0));
    await started.allGetTopLayer();
    return await runRounds(options, async () => {
      const before = await started.measure(WINDOW_MS);
      await Promise.all(others.map((node) => started.enter(node, portsOf(node))));
      await started.allGetTopLayer();
      const grown = addUses([await started.measure(WINDOW_MS), await started.measure(WINDOW_MS)]);
      await Promise.all(others.map((node) => started.leave(node)));
      return samples(addUses([before, await started.measure(WINDOW_MS)]), grown);
    });
  } finally {
    room?.close();
    processes.kill();
  }
}

function samples(one: ForwardingUse, four: ForwardingUse): Sample[] {
  const perPacket = ({ workerSeconds, packets }: ForwardingUse): number => (workerSeconds / packets) * 1e6;
  const arrived = ({ packets, seconds }: ForwardingUse, nodes: number): number =>
    packets / seconds / (nodes * VIEWERS_PER_NODE * TOP_PACKETS_PER_SECOND);
  return [
    {
      name: 'cpu_per_packet_4_nodes_over_1',
      unit: '',
      value: perPacket(four) / perPacket(one),
      bound: '<= 1.1',
    },
    { name: 'cpu_per_packet_1_node', unit: 'µs', value: perPacket(one) },
    { name: 'cpu_per_packet_4_nodes', unit: 'µs', value: perPacket(four) },
    { name: 'worker_cores_1_node', unit: '', value: one.workerSeconds / one.seconds },
    { name: 'worker_cores_4_nodes', unit: '', value: four.workerSeconds / four.seconds },
    // Below 1: packets that the busy machine lost on their way into the first worker.
    { name: 'sent_of_wanted_1_node', unit: 'share', value: arrived(one, 1) },
    { name: 'sent_of_wanted_4_nodes', unit: 'share', value: arrived(four, NODES) },
  ];
}
