import { createSocket, type Socket } from 'node:dgram';
import type { types } from 'mediasoup';
import { laneOf } from '../../node-app/media/cascade/lane-of';
import { joinRouters, TestRouter } from '../helpers/test-router';
import { BenchProcesses, cpuSecondsOf } from './forwarding/processes';
import { SRTP_PARAMETERS, VIDEO, VIDEO_PARAMETERS } from './forwarding/messages';
import { percentile, runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

/** Beside the one whose packets are timed. */
const FEW_VIEWERS = 9;
/** With these the two workers use about 0.4 of a core each; the bench says how much it was. */
const MANY_VIEWERS = 22;
const SLOW_PACKETS_PER_SECOND = 200;
const FAST_PACKETS_PER_SECOND = 1_000;
const PAYLOAD_BYTES = 1_100;
const WINDOW_MS = 5_000;
/** For what is on its way when a window ends. */
const SETTLE_MS = 300;
const ECHO_EVERY_MS = 5;
/** Where a packet says which one it is: behind the RTP header and the VP8 payload's first bytes. */
const NUMBER_AT = 12 + 4;

/**
 * What a hop from one router to another adds to a packet's way: each packet is timed at a viewer of the publisher's
 * router and at one behind the pipe, by the same process. With few viewers against a UDP echo over the loopback, timed
 * in the same seconds; and with so many that each worker uses about 0.4 of a core.
 */
export const bench: Benchmark = {
  name: 'cascade-latency',
  description: 'delay that a hop between two routers adds, against a loopback UDP echo',
  defaultRounds: 3,
  run: (options) => run(options),
};

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const processes = new BenchProcesses();
  const routers: TestRouter[] = [];
  const sockets: Socket[] = [];
  try {
    const from = await TestRouter.start();
    routers.push(from);
    const to = await TestRouter.start();
    routers.push(to);
    const sinkPorts = await processes.startSink(2 * (FEW_VIEWERS + MANY_VIEWERS));
    const open = async (): Promise<Socket> => {
      const socket = createSocket('udp4');
      sockets.push(socket);
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      return socket;
    };

    const source = await from.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      rtcpMux: true,
      comedia: true,
    });
    const producer = await source.produce({ kind: 'video', rtpParameters: VIDEO_PARAMETERS });
    from.producers.set(producer.id, producer);
    const sender = new Sender(await open(), source.tuple.localPort);
    const direct = new Arrivals(await open());
    const hopped = new Arrivals(await open());

    const extra: types.Consumer[] = [];
    const fill = async (side: TestRouter, timedPort: number, watch: (consumer: types.Consumer) => void) => {
      // The timed viewer is in the middle of the others: a packet goes to one after the other.
      for (let viewer = 0; viewer < FEW_VIEWERS + MANY_VIEWERS; viewer += 1) {
        const port = sinkPorts.pop() ?? 0;
        const consumer = await consume({ side, producerId: producer.id, port, encrypt: true });
        watch(consumer);
        if (viewer >= FEW_VIEWERS) extra.push(consumer);
        if (viewer !== Math.floor(FEW_VIEWERS / 2)) continue;
        watch(await consume({ side, producerId: producer.id, port: timedPort, encrypt: false }));
      }
    };
    await fill(from, direct.port, () => undefined);
    // The pipe comes behind all viewers of its source: the worst place.
    const { sink } = joinRouters(from, to);
    const { value } = await sink.hold({ id: producer.id, lane: laneOf(producer) });
    await fill(to, hopped.port, (consumer) => void value.watch(consumer));
    const echo = await Echo.open(open);

    return await runRounds(options, async () => {
      await Promise.all(extra.map((consumer) => consumer.pause()));
      echo.start();
      const few = await time(sender, SLOW_PACKETS_PER_SECOND, direct, hopped);
      const echoMs = percentile(echo.stop(), 0.5);

      await Promise.all(extra.map((consumer) => consumer.resume()));
      const pids = routers.map(({ worker }) => worker.pid);
      const before = pids.map(cpuSecondsOf);
      const startedAt = performance.now();
      const many = await time(sender, FAST_PACKETS_PER_SECOND, direct, hopped);
      const seconds = (performance.now() - startedAt) / 1_000;
      const [sourceCores, sinkCores] = pids.map(
        (pid, index) => (cpuSecondsOf(pid) - (before[index] ?? 0)) / seconds,
      );
      return [
        { name: 'hop_p50_over_echo', unit: '', value: percentile(few, 0.5) / echoMs, bound: '<= 2' },
        { name: 'hop_added_p50_ms', unit: 'ms', value: percentile(many, 0.5), bound: '<= 2' },
        { name: 'hop_added_p99_ms', unit: 'ms', value: percentile(many, 0.99), bound: '<= 4' },
        { name: 'echo_p50_ms', unit: 'ms', value: echoMs },
        { name: 'hop_p50_few_viewers_ms', unit: 'ms', value: percentile(few, 0.5) },
        { name: 'source_worker_cores', unit: '', value: sourceCores ?? 0 },
        { name: 'sink_worker_cores', unit: '', value: sinkCores ?? 0 },
      ];
    });
  } finally {
    for (const socket of sockets) socket.close();
    await Promise.all(routers.map((router) => router.close()));
    processes.kill();
  }
}

/** What the hop added to each packet of one window, milliseconds. */
async function time(
  sender: Sender,
  packetsPerSecond: number,
  direct: Arrivals,
  hopped: Arrivals,
): Promise<number[]> {
  direct.clear();
  hopped.clear();
  await sender.send(packetsPerSecond, WINDOW_MS);
  await sleep(SETTLE_MS);
  const added: number[] = [];
  for (const [packet, atMs] of hopped.atMs) {
    const directAtMs = direct.atMs.get(packet);
    if (directAtMs !== undefined) added.push(atMs - directAtMs);
  }
  if (added.length < (packetsPerSecond * WINDOW_MS) / 2_000)
    throw new Error(
      `of the packets only ${added.length} were timed (${direct.atMs.size} direct, ${hopped.atMs.size} hopped)`,
    );
  return added;
}

interface ConsumeOptions {
  side: TestRouter;
  producerId: string;
  port: number;
  encrypt: boolean;
}

async function consume({ side, producerId, port, encrypt }: ConsumeOptions): Promise<types.Consumer> {
  const transport = await side.router.createPlainTransport({
    listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
    rtcpMux: true,
    comedia: false,
    enableSrtp: encrypt,
    srtpCryptoSuite: SRTP_PARAMETERS.cryptoSuite,
  });
  const srtpParameters = encrypt ? SRTP_PARAMETERS : undefined;
  await transport.connect({ ip: '127.0.0.1', port, srtpParameters });
  return transport.consume({ producerId, rtpCapabilities: side.router.rtpCapabilities });
}

/** A camera whose packets are numbered, one at a time. */
class Sender {
  private number = 0;
  private readonly openedAt = performance.now();

  constructor(
    private readonly socket: Socket,
    private readonly port: number,
  ) {}

  async send(packetsPerSecond: number, durationMs: number): Promise<void> {
    const startedAt = performance.now();
    const first = this.number;
    for (;;) {
      const elapsedMs = performance.now() - startedAt;
      if (elapsedMs >= durationMs) return;
      const due = first + Math.floor((elapsedMs * packetsPerSecond) / 1_000);
      if (this.number < due) this.sendOne();
      await sleep(1);
    }
  }

  private sendOne(): void {
    const elapsedMs = performance.now() - this.openedAt;
    const packet = Buffer.alloc(12 + PAYLOAD_BYTES, 2);
    packet[0] = 0x80;
    packet[1] = 0x80 | VIDEO.payloadType;
    packet.writeUInt16BE(this.number & 0xffff, 2);
    packet.writeUInt32BE(Math.round(elapsedMs * (VIDEO.clockRate / 1_000)), 4);
    packet.writeUInt32BE(VIDEO.ssrc, 8);
    // A VP8 key frame in shape: the payload descriptor, then a header whose lowest bit is zero.
    packet[12] = 0x10;
    packet[13] = 0x00;
    packet.writeUInt32BE(this.number, NUMBER_AT);
    this.number += 1;
    this.socket.send(packet, this.port, '127.0.0.1');
  }
}

/** When each packet came to a socket. */
class Arrivals {
  readonly atMs = new Map<number, number>();

  constructor(private readonly socket: Socket) {
    socket.on('message', (packet) => {
      const isVideo = packet.length > 1_000 && (packet[1] ?? 0) >= 0x80;
      if (isVideo) this.atMs.set(packet.readUInt32BE(packet.length - PAYLOAD_BYTES + 4), performance.now());
    });
  }

  get port(): number {
    return this.socket.address().port;
  }

  clear(): void {
    this.atMs.clear();
  }
}

/** A packet there and back between two sockets of this process. */
class Echo {
  private timer: NodeJS.Timeout | undefined;
  private roundTripsMs: number[] = [];

  private constructor(
    private readonly socket: Socket,
    private readonly port: number,
  ) {
    socket.on('message', (packet) => this.roundTripsMs.push(performance.now() - packet.readDoubleBE(0)));
  }

  static async open(openSocket: () => Promise<Socket>): Promise<Echo> {
    const far = await openSocket();
    far.on('message', (packet, { port, address }) => far.send(packet, port, address));
    return new Echo(await openSocket(), far.address().port);
  }

  start(): void {
    this.roundTripsMs = [];
    this.timer = setInterval(() => {
      const packet = Buffer.alloc(PAYLOAD_BYTES);
      packet.writeDoubleBE(performance.now(), 0);
      this.socket.send(packet, this.port, '127.0.0.1');
    }, ECHO_EVERY_MS);
  }

  stop(): number[] {
    clearInterval(this.timer);
    return this.roundTripsMs;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
