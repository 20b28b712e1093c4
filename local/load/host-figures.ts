import type { PeerSpec, PeerState } from './load-settings';
import type { StreamFigures } from './received-stream';

/** What happened in a process of the load generator since its start; only ever grows. */
export interface HostCounts {
  /** Peers that came in. */
  joined: number;
  /** Further attempts of peers that were not in yet. */
  retries: number;
  /** Attempts to get in, or back in, that failed, by code. */
  failures: Record<string, number>;
  /** What the newest of them said. */
  lastFailure?: string;
  /** Times a peer that was in lost its session or connection. */
  disconnects: number;
  /** Times one was back with its session, its media uninterrupted. */
  resumed: number;
  /** Times one was back by joining again. */
  rejoined: number;
  /** Times one went over to another node without being away. */
  migrated: number;
}

/** Durations, milliseconds. */
export interface HostSamples {
  /** From the open WebSocket to joined, and publishing. */
  joinMs: number[];
  /** From the open WebSocket to the first packet of media. */
  firstMediaMs: number[];
  /** From the first attempt to joined, with all waiting. */
  getInMs: number[];
  /** From the loss to being back. */
  awayMs: number[];
}

/** Everything that a process of the load generator tells, each second. */
export interface HostTick {
  counts: HostCounts;
  /** Only those since the last tick. */
  samples: HostSamples;
  /** All streams together; the longest gap of any. */
  received: StreamFigures;
  /** Bytes of payload. */
  sentBytes: number;
  /** Video streams by the spatial layer in which they come, at this moment. */
  videoLayers: number[];
  peers: (PeerSpec & { state: PeerState })[];
  /** How late this process' own timers are, 99th percentile since the last tick, milliseconds. */
  lagMs: number;
  /** Used by this process since its start. */
  cpuSeconds: number;
}

export function noSamples(): HostSamples {
  return { joinMs: [], firstMediaMs: [], getInMs: [], awayMs: [] };
}

export function noCounts(): HostCounts {
  return { joined: 0, retries: 0, failures: {}, disconnects: 0, resumed: 0, rejoined: 0, migrated: 0 };
}

export function noStreamFigures(): StreamFigures {
  return { packets: 0, bytes: 0, lost: 0, gapsOver200Ms: 0, gapsOver1s: 0, longestGapMs: 0 };
}

export function addStreamFigures(sum: StreamFigures, figures: StreamFigures): StreamFigures {
  return {
    packets: sum.packets + figures.packets,
    bytes: sum.bytes + figures.bytes,
    lost: sum.lost + figures.lost,
    gapsOver200Ms: sum.gapsOver200Ms + figures.gapsOver200Ms,
    gapsOver1s: sum.gapsOver1s + figures.gapsOver1s,
    longestGapMs: Math.max(sum.longestGapMs, figures.longestGapMs),
  };
}
