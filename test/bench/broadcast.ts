import { INSTANCE_CAPACITIES, sustainedInternetEgressBps } from '../../core/deployment/instance-capacity';
import { safeCapacity } from '../../core/capacity/safe-capacity';
import { BareWorker } from './cascade/bare-worker';
import { BroadcastRoom } from './cascade/broadcast-room';
import { CAMERA_LAYERS, TOP_PACKETS_PER_SECOND } from './cascade/camera';
import { addUses, type ForwardingUse } from './cascade/forwarding-use';
import { openPeerViewers, openSinkViewers } from './cascade/router-viewers';
import type { SourceCommand } from './forwarding/messages';
import { BenchProcesses } from './forwarding/processes';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

const NODES = 2;
const VIEWERS_PER_NODE = 60;
/** Real peers, whose own work in JavaScript bounds how many there can be. */
const PEERS = 20;
const WINDOW_MS = 3_500;
/** Headers of RTP, UDP and IPv4 and SRTP's tag, which a network interface carries beside each payload. */
const OVERHEAD_BITS = (12 + 8 + 20 + 16) * 8;
/** A deployment's default (core/deployment/fleet-config-schema.ts). */
const INSTANCE_TYPE = 'c7gn.large';

/**
 * How many viewers of one publisher a core of worker CPU carries: a room over two nodes, the CPU of its workers
 * extrapolated to a core. Against what this machine forwards in the same round: a bare worker that gives one stream of the
 * same packets to as many viewers as a node has. All of these viewers are ports where nobody reads, so real peers are
 * measured beside as many of them at the bare worker.
 */
export const bench: Benchmark = {
  name: 'broadcast',
  description: 'viewers of one publisher that a core carries over two nodes, and what bounds them',
  defaultRounds: 2,
  run: (options) => run(options),
};

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const processes = new BenchProcesses();
  let room: BroadcastRoom | undefined;
  const bare: BareWorker[] = [];
  try {
    const ports = await processes.startSink((NODES + 1) * VIEWERS_PER_NODE);
    const started = await BroadcastRoom.start(NODES, VIEWERS_PER_NODE);
    room = started;
    const source = processes.startSource({ ports: [await started.publish()], layers: CAMERA_LAYERS });
    const command = (what: SourceCommand): boolean => source.send(what);
    for (let node = 0; node < NODES; node += 1) {
      await started.enter(node, ports.splice(0, VIEWERS_PER_NODE));
    }
    const sinks = await BareWorker.start(processes, (at, ids) => openSinkViewers(at.router, ids, ports));
    bare.push(sinks);
    // On a worker of their own: each transport with a congestion controller costs CPU by its timers alone.
    const peers = await BareWorker.start(processes, (at, ids) => openPeerViewers(at, ids, PEERS));
    bare.push(peers);
    const overNodes = async (): Promise<ForwardingUse> => {
      command('send');
      await started.allGetTopLayer();
      const use = await started.measure(WINDOW_MS);
      command('pause');
      return use;
    };
    return await runRounds(options, async () => {
      const fleet = [await overNodes()];
      const all = [await sinks.measure(VIEWERS_PER_NODE, WINDOW_MS)];
      const few = await sinks.measure(PEERS, WINDOW_MS);
      const real = await peers.measure(PEERS, WINDOW_MS);
      all.push(await sinks.measure(VIEWERS_PER_NODE, WINDOW_MS));
      fleet.push(await overNodes());
      return samples({ fleet: addUses(fleet), sinks: addUses(all), few, peers: real });
    });
  } finally {
    room?.close();
    await Promise.all(bare.map((worker) => worker.close()));
    processes.kill();
  }
}

interface Round {
  fleet: ForwardingUse;
  sinks: ForwardingUse;
  few: ForwardingUse;
  peers: ForwardingUse;
}

function samples({ fleet, sinks, few, peers }: Round): Sample[] {
  const rate = ({ packets, workerSeconds }: ForwardingUse): number => packets / workerSeconds;
  const viewersPerCore = rate(fleet) / TOP_PACKETS_PER_SECOND;
  const peersOverSinks = rate(few) / rate(peers);
  const bitsPerPacket = fleet.bits / fleet.packets + OVERHEAD_BITS;
  const viewerBps = TOP_PACKETS_PER_SECOND * bitsPerPacket;
  const instance = INSTANCE_CAPACITIES[INSTANCE_TYPE];
  if (instance === undefined) throw new Error(`nothing is known of ${INSTANCE_TYPE}`);
  const perCore = safeCapacity({
    sustainedEgressBps: sustainedInternetEgressBps(instance) / instance.vcpus,
    workers: 1,
  });
  return [
    {
      name: 'viewers_per_core_over_forwarding',
      unit: '',
      value: viewersPerCore / (rate(sinks) / TOP_PACKETS_PER_SECOND),
      bound: '>= 0.8',
    },
    { name: 'viewers_per_core', unit: 'viewers', value: viewersPerCore },
    { name: 'fleet_packets_per_cpu_second', unit: 'packets/s', value: rate(fleet) },
    { name: 'bare_packets_per_cpu_second', unit: 'packets/s', value: rate(sinks) },
    { name: 'peer_cpu_over_sink', unit: '', value: peersOverSinks },
    // What bounds a node: the least of these three.
    { name: 'peers_by_cpu', unit: 'viewers/core', value: viewersPerCore / peersOverSinks },
    {
      name: 'viewers_by_packets',
      unit: 'viewers/core',
      value: perCore.packetsPerSecond / TOP_PACKETS_PER_SECOND,
    },
    { name: 'viewers_by_egress', unit: 'viewers/core', value: perCore.egressBps / viewerBps },
    { name: 'viewer', unit: 'Mbit/s', value: viewerBps / 1e6 },
    {
      name: 'sent_of_wanted',
      unit: 'share',
      value: fleet.packets / fleet.seconds / (NODES * VIEWERS_PER_NODE * TOP_PACKETS_PER_SECOND),
    },
  ];
}
