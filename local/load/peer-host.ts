import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import {
  addStreamFigures,
  noCounts,
  noSamples,
  noStreamFigures,
  type HostSamples,
  type HostTick,
} from './host-figures';
import { LoadPeer } from './load-peer';
import type { PeerSettings, PeerSpec } from './load-settings';

export interface PeerHostOptions {
  settings: PeerSettings;
  clock: Clock;
  random: RandomSource;
}

const REPORT_EVERY_MS = 1_000;
const WATCH_EVERY_MS = 250;
const LAG_RESOLUTION_MS = 10;

/** The peers of one process of the load generator. */
export class PeerHost {
  private readonly peers = new Map<string, LoadPeer>();
  private readonly counts = noCounts();
  /** Of peers that have left, and are not kept. */
  private readonly gone = { received: noStreamFigures(), sentBytes: 0 };
  private samples: HostSamples = noSamples();
  private readonly lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  private readonly timers: readonly Timer[];

  constructor(private readonly options: PeerHostOptions) {
    this.lag.enable();
    this.timers = [
      options.clock.setRepeating(WATCH_EVERY_MS, () => {
        for (const peer of this.peers.values()) peer.watchReception();
      }),
      options.clock.setRepeating(REPORT_EVERY_MS, () => {
        for (const peer of this.peers.values()) void peer.reportReception();
      }),
    ];
  }

  add(specs: readonly PeerSpec[]): void {
    for (const spec of specs) {
      const peer = new LoadPeer({
        ...this.options,
        spec,
        counts: this.counts,
        samples: () => this.samples,
      });
      this.peers.set(spec.peerId, peer);
    }
  }

  /** Those peers leave; what they counted stays. */
  async remove(peerIds: readonly string[]): Promise<void> {
    await Promise.all(
      peerIds.map(async (peerId) => {
        const peer = this.peers.get(peerId);
        if (!peer) return;
        await peer.leave();
        if (peer.state !== 'left' || !this.peers.delete(peerId)) return;
        this.gone.received = addStreamFigures(this.gone.received, peer.received());
        this.gone.sentBytes += peer.sentBytes;
      }),
    );
  }

  /** What happened so far. */
  tick(): HostTick {
    const { samples } = this;
    this.samples = noSamples();
    const peers = Array.from(this.peers.values());
    const videoLayers: number[] = [];
    for (const layer of peers.flatMap((peer) => peer.videoLayers)) {
      if (layer !== undefined) videoLayers[layer] = (videoLayers[layer] ?? 0) + 1;
    }
    const lagMs = Math.max(0, this.lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS);
    this.lag.reset();
    const cpu = process.cpuUsage();
    return {
      counts: structuredClone(this.counts),
      samples,
      received: peers.map((peer) => peer.received()).reduce(addStreamFigures, this.gone.received),
      sentBytes: peers.reduce((sum, peer) => sum + peer.sentBytes, this.gone.sentBytes),
      videoLayers: Array.from(videoLayers, (count) => count ?? 0),
      peers: peers.map(({ spec, state }) => ({ ...spec, state })),
      lagMs: Number.isFinite(lagMs) ? lagMs : 0,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
    };
  }

  /** Everybody leaves. */
  async stop(): Promise<void> {
    for (const timer of this.timers) timer.cancel();
    this.lag.disable();
    await this.remove(Array.from(this.peers.keys()));
  }
}
