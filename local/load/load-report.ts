import { noCounts, type HostCounts, type HostTick } from './host-figures';
import type { PeerState } from './load-settings';
import type { StreamFigures } from './received-stream';

/** Milliseconds. */
export interface Percentiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface LoadReport {
  /** From the first join to the report. */
  seconds: number;
  joins: {
    /** Peers that were to come in. */
    asked: number;
    done: number;
    /** Further attempts of those that were refused or not reached. */
    retries: number;
    /** Attempts that failed, also to come back in, by code. */
    failures: Record<string, number>;
    /** What the newest of them said. */
    lastFailure?: string;
  };
  /** Peers by what became of them so far. */
  peers: Record<PeerState, number>;
  /** From the open WebSocket to joined. */
  joinMs: Percentiles;
  /** From the open WebSocket to the first packet of media. */
  firstMediaMs: Percentiles;
  /** From the first attempt to joined, with all waiting. */
  getInMs: Percentiles;
  media: {
    /** Payload over the last seconds, bits per second; of all peers, and per peer that was in. */
    receivedBps: number;
    receivedBpsPerPeer: number;
    /** What they should have received in that time. */
    wantedBps: number;
    sentBps: number;
    packets: number;
    /** Sequence numbers that never came. */
    lost: number;
    gapsOver200Ms: number;
    gapsOver1s: number;
    longestGapMs: number;
    /** Video streams by spatial layer, at the report. */
    videoLayers: number[];
  };
  connections: {
    /** Sessions or connections lost by peers that were in. */
    lost: number;
    resumed: number;
    rejoined: number;
    /** Times one went over to another node without being away. */
    migrated: number;
    /** From the loss to being back. */
    awayMs: Percentiles;
  };
  /** How the machine that made the load did: figures are the fleet's only while this one keeps up. */
  generator: {
    processes: number;
    /** How late its timers were in its worst second, 99th percentile, milliseconds. */
    worstLagMs: number;
    /** And in an ordinary second. */
    typicalLagMs: number;
    cpuSeconds: number;
  };
}

/** One second of a run. */
export interface LoadSecond {
  /** Milliseconds since 1970. */
  atMs: number;
  second: number;
  asked: number;
  in: number;
  entering: number;
  away: number;
  dropped: number;
  failed: number;
  /** Failed attempts in that second, by code. */
  failures: Record<string, number>;
  receivedBps: number;
  wantedBps: number;
  sentBps: number;
  lost: number;
  gapsOver200Ms: number;
  gapsOver1s: number;
  lagMs: number;
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** What all processes counted, together. */
export function addCounts(ticks: readonly HostTick[]): HostCounts {
  const sum = noCounts();
  for (const { counts } of ticks) {
    sum.joined += counts.joined;
    sum.retries += counts.retries;
    sum.disconnects += counts.disconnects;
    sum.resumed += counts.resumed;
    sum.rejoined += counts.rejoined;
    sum.migrated += counts.migrated;
    if (counts.lastFailure !== undefined) sum.lastFailure = counts.lastFailure;
    for (const [code, count] of Object.entries(counts.failures)) {
      sum.failures[code] = (sum.failures[code] ?? 0) + count;
    }
  }
  return sum;
}

/** For a person. */
export function formatReport(report: LoadReport): string {
  const { joins, peers, media, connections, generator } = report;
  const failures = Object.entries(joins.failures).map(([code, count]) => `${code} ${count}`);
  const reached =
    media.wantedBps > 0 ? `, ${percent(media.receivedBps / media.wantedBps)} of what they should` : '';
  const layers = media.videoLayers.map((count, layer) => `${count} in layer ${layer}`);
  const rows: [string, string][] = [
    ['joins', `${joins.done} of ${joins.asked} done, ${joins.retries} retries`],
    ['failed', failures.join(', ') || 'none'],
    [
      'peers',
      Object.entries(peers)
        .flatMap(([state, count]) => (count > 0 ? `${count} ${state}` : []))
        .join(', '),
    ],
    ['joined after', formatPercentiles(report.joinMs)],
    ['first media', formatPercentiles(report.firstMediaMs)],
    ['in after', `${formatPercentiles(report.getInMs)}, with all waiting`],
    ['received', `${megabits(media.receivedBps)}, ${megabits(media.receivedBpsPerPeer)} per peer${reached}`],
    ['sent', megabits(media.sentBps)],
    ...(layers.length > 0 ? [['video', layers.join(', ')] as [string, string]] : []),
    ['lost', `${media.lost} of ${media.lost + media.packets} packets`],
    ['gaps', formatGaps(media)],
    [
      'connections',
      `${connections.lost} lost, ${connections.resumed} resumed, ${connections.rejoined} joined again, ` +
        `${connections.migrated} migrated`,
    ],
    ...(connections.awayMs.count > 0
      ? [['away for', formatPercentiles(connections.awayMs)] as [string, string]]
      : []),
    [
      'this machine',
      `${generator.processes} processes, ${generator.cpuSeconds.toFixed(1)} CPU seconds; timers late by ` +
        `${generator.typicalLagMs} ms, at worst ${generator.worstLagMs} ms (p99 of a second)`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

function formatGaps({
  gapsOver200Ms,
  gapsOver1s,
  longestGapMs,
}: Omit<StreamFigures, 'packets' | 'bytes' | 'lost'>): string {
  if (gapsOver200Ms === 0) return 'none over 200 ms';
  return `${gapsOver200Ms} over 200 ms, ${gapsOver1s} over 1 s, the longest ${longestGapMs} ms`;
}

function formatPercentiles({ count, p50, p95, p99, max }: Percentiles): string {
  return count === 0 ? 'nobody' : `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, max ${max} ms`;
}

export function megabits(bps: number): string {
  return `${(bps / 1e6).toFixed(bps < 1e8 ? 2 : 0)} Mbit/s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
