import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerAnswer, ServerCommand, ServerSetup } from './forwarding/messages';
import type { SourceSetup } from './forwarding/source';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

const ROOMS = 4;
const VIEWERS_PER_ROOM = 18;
/** Of each publisher: together 72,000 packets a second go out, what placement gives one worker at most. */
const PACKETS_PER_SECOND = 1_000;
const PAYLOAD_BYTES = 1_100;
const SETTLE_MS = 2_000;
const WINDOW_MS = 5_000;
const METER_SAMPLES = 5_000;
/** Clock ticks of /proc/<pid>/stat per second: 100 on every Linux that Node runs on (sysconf _SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

/**
 * What our layer costs above bare mediasoup: the same rooms on a worker driven by our media node (signalling
 * objects, fan-out, observers, egress meter) and on one that a script set up and left alone. Packets that go out
 * per second of CPU: of the worker and our Node process against the bare worker by itself.
 */
export const bench: Benchmark = {
  name: 'forwarding',
  description: 'packets per CPU second with our layer, against a bare mediasoup worker doing the same rooms',
  run: (options) => run(options),
};

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const children = new Children();
  try {
    const sinkPorts = await startSink(children);
    return await runRounds(options, async (index) => {
      // Alternated, so that neither always meets the warmer machine.
      const order = index % 2 === 0 ? (['bare', 'fleet'] as const) : (['fleet', 'bare'] as const);
      const results = new Map<string, SideResult>();
      for (const kind of order) results.set(kind, await measure(children, kind, sinkPorts));
      return samples(results);
    });
  } finally {
    children.kill();
  }
}

interface SideResult {
  packetsPerCpuSecond: number;
  nodeCpuPercent: number;
  meterMicroseconds: number;
}

function samples(results: Map<string, SideResult>): Sample[] {
  const fleet = results.get('fleet');
  const bare = results.get('bare');
  if (fleet === undefined || bare === undefined) throw new Error('a side was not measured');
  return [
    {
      name: 'packets_per_cpu_second_ratio',
      unit: 'ratio',
      value: fleet.packetsPerCpuSecond / bare.packetsPerCpuSecond,
      bound: '>= 0.97',
    },
    { name: 'fleet_packets_per_cpu_second', unit: 'packets/s', value: fleet.packetsPerCpuSecond },
    { name: 'bare_packets_per_cpu_second', unit: 'packets/s', value: bare.packetsPerCpuSecond },
    { name: 'node_cpu_percent', unit: '% of a core', value: fleet.nodeCpuPercent },
    { name: 'meter_us_per_sample', unit: 'µs of CPU', value: fleet.meterMicroseconds },
  ];
}

async function measure(
  children: Children,
  kind: ServerSetup['kind'],
  sinkPorts: number[],
): Promise<SideResult> {
  const server = children.start('server');
  const setup: ServerSetup = { kind, rooms: ROOMS, viewersPerRoom: VIEWERS_PER_ROOM, sinkPorts };
  const started = await ask(server, { type: 'start', setup });
  if (started.type !== 'started') throw new Error('the server did not start');
  const pids = { node: server.pid ?? 0, worker: started.workerPid };
  const source = children.start('source');
  const load: SourceSetup = {
    ports: started.publisherPorts,
    packetsPerSecond: PACKETS_PER_SECOND,
    payloadBytes: PAYLOAD_BYTES,
  };
  source.send(load);
  await sleep(SETTLE_MS);

  // Counting costs CPU on both sides: it happens before the first and after the last reading of it.
  const packetsBefore = await packetsOf(server);
  const before = cpuSeconds(pids);
  const startedAt = performance.now();
  await sleep(WINDOW_MS);
  const after = cpuSeconds(pids);
  const seconds = (performance.now() - startedAt) / 1_000;
  const packets = (await packetsOf(server)) - packetsBefore;
  await children.end(source);

  const nodeSeconds = after.node - before.node;
  const cpu = after.worker - before.worker + (kind === 'fleet' ? nodeSeconds : 0);
  const meterMicroseconds = await meterCost(server, pids);
  await children.end(server);
  return {
    packetsPerCpuSecond: packets / cpu,
    nodeCpuPercent: (nodeSeconds / seconds) * 100,
    meterMicroseconds,
  };
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

async function startSink(children: Children): Promise<number[]> {
  const sink = children.start('sink');
  const ports = (await sendAndWait(sink, ROOMS * VIEWERS_PER_ROOM)) as number[];
  sink.kill('SIGSTOP');
  return ports;
}

/** @throws Error when the process ends instead of answering */
function sendAndWait(child: ChildProcess, message: ServerCommand | number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: unknown): void => {
      child.off('exit', onExit);
      resolve(answer);
    };
    const onExit = (code: number | null): void => {
      child.off('message', onMessage);
      reject(new Error(`a process of the bench ended with ${String(code)}`));
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.send(message);
  });
}

interface Pids {
  node: number;
  worker: number;
}

function cpuSeconds({ node, worker }: Pids): { node: number; worker: number } {
  return { node: cpuSecondsOf(node), worker: cpuSecondsOf(worker) };
}

/** utime + stime, the 14th and 15th field of proc(5); counted behind the name, which may contain anything. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Processes of the bench; none outlives it. */
class Children {
  private readonly running = new Set<ChildProcess>();

  start(name: 'server' | 'source' | 'sink'): ChildProcess {
    const child = fork(join(__dirname, 'forwarding', `${name}.ts`), { stdio: ['ignore', 2, 2, 'ipc'] });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return child;
  }

  /** The process ends itself when its channel closes, and takes its worker with it. */
  async end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.disconnect();
    await exit;
  }

  kill(): void {
    for (const child of this.running) child.kill('SIGKILL');
  }
}
