import type { ChildProcess } from 'node:child_process';
import {
  VIDEO,
  type ServerAnswer,
  type ServerCommand,
  type ServerSetup,
  type SourceCommand,
} from './forwarding/messages';
import { BenchProcesses, cpuSecondsOf, sendAndWait } from './forwarding/processes';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

const ROOMS = 4;
const VIEWERS_PER_ROOM = 18;
/** Of each publisher: together 72,000 packets a second go out, what placement gives one worker at most. */
const PACKETS_PER_SECOND = 1_000;
const PAYLOAD_BYTES = 1_100;
const WINDOW_MS = 5_000;
/** For what is on its way when the source pauses. */
const SETTLE_MS = 200;
const METER_SAMPLES = 5_000;

/**
 * What our layer costs above bare mediasoup: the same rooms on a worker driven by our media node (signalling
 * objects, fan-out, speakers, egress meter) and on one that a script set up and left alone. Packets that go out
 * per second of CPU: of the worker and our Node process against the bare worker by itself. Both are up all the time
 * and loaded in turns of five seconds, in the order A B B A: what the machine does beside, and how warm it is, meets
 * both alike.
 */
export const bench: Benchmark = {
  name: 'forwarding',
  description: 'packets per CPU second with our layer, against a bare mediasoup worker doing the same rooms',
  run: (options) => run(options),
};

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const children = new BenchProcesses();
  try {
    const sinkPorts = await children.startSink(ROOMS * VIEWERS_PER_ROOM);
    const bare = await startSide(children, 'bare', sinkPorts);
    const fleet = await startSide(children, 'fleet', sinkPorts);
    return await runRounds(options, async (index) => {
      const [first, second] = index % 2 === 0 ? [bare, fleet] : [fleet, bare];
      const windows = new Map<Side, Use[]>([
        [bare, []],
        [fleet, []],
      ]);
      for (const side of [first, second, second, first]) windows.get(side)?.push(await load(side));
      const meterMicroseconds = await meterCost(fleet.server, fleet.pids);
      return samples(total(windows.get(bare)), total(windows.get(fleet)), meterMicroseconds);
    });
  } finally {
    children.kill();
  }
}

interface Side {
  server: ChildProcess;
  source: ChildProcess;
  pids: Pids;
}

/** What a side did while it was loaded. */
interface Use {
  packets: number;
  workerSeconds: number;
  nodeSeconds: number;
  seconds: number;
}

function total(uses: Use[] = []): Use {
  const sum = (of: (use: Use) => number): number => uses.reduce((all, use) => all + of(use), 0);
  return {
    packets: sum(({ packets }) => packets),
    workerSeconds: sum(({ workerSeconds }) => workerSeconds),
    nodeSeconds: sum(({ nodeSeconds }) => nodeSeconds),
    seconds: sum(({ seconds }) => seconds),
  };
}

function samples(bare: Use, fleet: Use, meterMicroseconds: number): Sample[] {
  const fleetRate = fleet.packets / (fleet.workerSeconds + fleet.nodeSeconds);
  const bareRate = bare.packets / bare.workerSeconds;
  const percent = (cpuSeconds: number, { seconds }: Use): number => (cpuSeconds / seconds) * 100;
  const workerRatio = fleet.packets / fleet.workerSeconds / bareRate;
  return [
    { name: 'packets_per_cpu_second_ratio', unit: 'ratio', value: fleetRate / bareRate, bound: '>= 0.97' },
    { name: 'worker_only_ratio', unit: 'ratio', value: workerRatio },
    { name: 'fleet_packets_per_cpu_second', unit: 'packets/s', value: fleetRate },
    { name: 'bare_packets_per_cpu_second', unit: 'packets/s', value: bareRate },
    { name: 'fleet_worker_cpu_percent', unit: '% of a core', value: percent(fleet.workerSeconds, fleet) },
    { name: 'bare_worker_cpu_percent', unit: '% of a core', value: percent(bare.workerSeconds, bare) },
    { name: 'fleet_node_cpu_percent', unit: '% of a core', value: percent(fleet.nodeSeconds, fleet) },
    { name: 'bare_node_cpu_percent', unit: '% of a core', value: percent(bare.nodeSeconds, bare) },
    { name: 'meter_us_per_sample', unit: 'µs of CPU', value: meterMicroseconds },
  ];
}

async function startSide(
  children: BenchProcesses,
  kind: ServerSetup['kind'],
  sinkPorts: number[],
): Promise<Side> {
  const server = children.start('server');
  const setup: ServerSetup = { kind, rooms: ROOMS, viewersPerRoom: VIEWERS_PER_ROOM, sinkPorts };
  const started = await ask(server, { type: 'start', setup });
  if (started.type !== 'started') throw new Error('the server did not start');
  const source = children.startSource({
    ports: started.publisherPorts,
    layers: [{ ssrc: VIDEO.ssrc, packetsPerSecond: PACKETS_PER_SECOND, payloadBytes: PAYLOAD_BYTES }],
  });
  return { server, source, pids: { node: server.pid ?? 0, worker: started.workerPid } };
}

/** Counting costs CPU itself: it happens before the first and after the last reading of it. */
async function load({ server, source, pids }: Side): Promise<Use> {
  const packetsBefore = await packetsOf(server);
  const before = cpuSeconds(pids);
  const startedAt = performance.now();
  command(source, 'send');
  await sleep(WINDOW_MS);
  command(source, 'pause');
  await sleep(SETTLE_MS);
  const after = cpuSeconds(pids);
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    packets: (await packetsOf(server)) - packetsBefore,
    workerSeconds: after.worker - before.worker,
    nodeSeconds: after.node - before.node,
    seconds,
  };
}

function command(source: ChildProcess, what: SourceCommand): void {
  source.send(what);
}

/** CPU of worker and Node for one transport's counters, beyond what they do anyway without any load. */
async function meterCost(server: ChildProcess, pids: Pids): Promise<number> {
  const before = cpuSeconds(pids);
  await ask(server, { type: 'sampleMeter', samples: METER_SAMPLES });
  const after = cpuSeconds(pids);
  return ((after.node + after.worker - before.node - before.worker) / METER_SAMPLES) * 1e6;
}

async function packetsOf(server: ChildProcess): Promise<number> {
  const answer = await ask(server, { type: 'countPackets' });
  if (answer.type !== 'packets') throw new Error('the server did not count');
  return answer.packets;
}

async function ask(server: ChildProcess, command: ServerCommand): Promise<ServerAnswer> {
  return (await sendAndWait(server, command)) as ServerAnswer;
}

interface Pids {
  node: number;
  worker: number;
}

function cpuSeconds({ node, worker }: Pids): { node: number; worker: number } {
  return { node: cpuSecondsOf(node), worker: cpuSecondsOf(worker) };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
