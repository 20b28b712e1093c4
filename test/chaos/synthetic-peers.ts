import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '../../local/fleet-runner/system-clock';
import { noCounts, type HostCounts } from '../../local/load/host-figures';
import { streamKey } from '../../local/load/peer-media';
import type { PeerSpec, PeerState } from '../../local/load/load-settings';
import type { CrowdPeer, CrowdTarget } from './crowd-peer';
import { machineMs, type PeerCommand, type PeerReport } from './peer-messages';

const MAIN = join(__dirname, 'peer-process.ts');
const VIDEO_BPS = 100_000;
/** All of them are in one process, in which each packet costs. */
const AUDIO_FRAME_MS = 60;

/**
 * Synthetic peers that do as the SDK does, in a process of their own: a process that also passes on what others say would hold
 * these up, and its own measurements with them.
 */
export class SyntheticPeers {
  counts: HostCounts = noCounts();
  /** Of everybody who came back: how long they were away, milliseconds. */
  readonly awayMs: number[] = [];
  readonly #peers = new Map<string, SyntheticPeer>();
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #machineAheadMs = machineMs() - systemClock.monotonicMs();

  constructor({ url, token }: CrowdTarget) {
    this.#child = fork(MAIN, [], {
      execArgv: ['--require', 'tsx/cjs'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.once('exit', () => {
      for (const peer of this.#peers.values()) peer.lose();
    });
    this.#child.on('message', (report: PeerReport) => this.#receive(report));
    const settings = {
      url,
      token,
      expectedPeers: 2,
      layersBps: [VIDEO_BPS],
      audio: true,
      audioFrameMs: AUDIO_FRAME_MS,
      spatialLayer: undefined,
    };
    this.#send({ type: 'begin', settings });
  }

  /** A person who is on the way in. */
  enter(spec: PeerSpec): CrowdPeer {
    const peer = new SyntheticPeer(spec, () => this.#send({ type: 'leave', peerId: spec.peerId }));
    this.#peers.set(spec.peerId, peer);
    this.#send({ type: 'enter', spec });
    return peer;
  }

  /** Whoever is still there goes without a word. Idempotent. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  #receive({ counts, awayMs, states, heardAtMs }: PeerReport): void {
    this.counts = counts;
    this.awayMs.push(...awayMs);
    for (const [peerId, streams] of Object.entries(heardAtMs)) {
      for (const [stream, atMs] of Object.entries(streams)) {
        this.#peers.get(peerId)?.heard(stream, atMs - this.#machineAheadMs);
      }
    }
    for (const [peerId, state] of Object.entries(states)) this.#peers.get(peerId)?.become(state);
  }

  #send(command: PeerCommand): void {
    if (this.#child.connected) this.#child.send(command);
  }
}

/** One of them, as the crowd sees it. */
class SyntheticPeer implements CrowdPeer {
  #state: PeerState = 'entering';
  readonly #heardAtMs = new Map<string, number>();
  readonly #gone: Promise<void>;
  #onGone!: () => void;

  constructor(
    readonly spec: PeerSpec,
    private readonly tellToLeave: () => void,
  ) {
    this.#gone = new Promise((resolve) => (this.#onGone = resolve));
  }

  get state(): PeerState {
    return this.#state;
  }

  lastPacketAtMs(peerId: string, kind: 'audio' | 'video'): number | undefined {
    return this.#heardAtMs.get(streamKey(peerId, kind));
  }

  heard(stream: string, atMs: number): void {
    this.#heardAtMs.set(stream, atMs);
  }

  become(state: PeerState): void {
    this.#state = state;
    if (this.#isGone) this.#onGone();
  }

  /** Its process has ended. */
  lose(): void {
    if (!this.#isGone) this.become(this.#state === 'entering' ? 'failed' : 'dropped');
  }

  async leave(): Promise<void> {
    this.tellToLeave();
    await this.#gone;
  }

  get #isGone(): boolean {
    return this.#state === 'left' || this.#state === 'dropped' || this.#state === 'failed';
  }
}
