import type { Clock } from '../../core/clock';
import { addStreamFigures, noSamples, noStreamFigures, type HostTick } from './host-figures';
import { addCounts, percentiles, type LoadReport, type LoadSecond } from './load-report';
import type { PeerSpec, PeerState } from './load-settings';

export interface LoadFiguresOptions {
  clock: Clock;
  /** Payload of one publisher as a subscriber gets it, bits per second. */
  wantedBpsPerPublisher: number;
  processes: number;
}

interface Totals {
  receivedBytes: number;
  sentBytes: number;
  lost: number;
  gapsOver200Ms: number;
  gapsOver1s: number;
  failures: Record<string, number>;
}

/** The report's bitrates are means over this many of the last seconds. */
const RATE_SECONDS = 10;
/** A day of lags; more would only cost memory. */
const MAX_LAGS = 86_400;

/** Puts together what the processes of the load generator tell. */
export class LoadFigures {
  private readonly samples = noSamples();
  private startedAtMs = 0;
  private readonly lags: number[] = [];
  private readonly seconds: (LoadSecond & { spanMs: number })[] = [];
  private before = { atMs: 0, totals: totalsOf([]) };
  private lagMs = 0;

  constructor(private readonly options: LoadFiguresOptions) {}

  /** The run begins. */
  begin(): void {
    this.startedAtMs = this.before.atMs = this.options.clock.monotonicMs();
  }

  /** Takes a tick as it comes. */
  take({ samples, lagMs }: HostTick): void {
    this.samples.joinMs.push(...samples.joinMs);
    this.samples.firstMediaMs.push(...samples.firstMediaMs);
    this.samples.getInMs.push(...samples.getInMs);
    this.samples.awayMs.push(...samples.awayMs);
    this.lagMs = Math.max(this.lagMs, lagMs);
  }

  /** Ends a second: call it with the newest ticks of all processes. */
  second(ticks: readonly HostTick[], asked: number): LoadSecond {
    const { clock } = this.options;
    const nowMs = clock.monotonicMs();
    const totals = totalsOf(ticks);
    const { totals: earlier, atMs } = this.before;
    const spanMs = Math.max(nowMs - atMs, 1);
    const bps = (bytes: number): number => Math.round((bytes * 8_000) / spanMs);
    const peers = ticks.flatMap((tick) => tick.peers);
    const states = countStates(peers);
    const second: LoadSecond = {
      atMs: clock.nowMs(),
      second: Math.round((nowMs - this.startedAtMs) / 1_000),
      asked,
      in: states.in,
      entering: states.entering,
      away: states.away,
      dropped: states.dropped,
      failed: states.failed,
      failures: failuresSince(earlier.failures, totals.failures),
      receivedBps: bps(totals.receivedBytes - earlier.receivedBytes),
      wantedBps: this.wantedBps(peers),
      sentBps: bps(totals.sentBytes - earlier.sentBytes),
      lost: Math.max(0, totals.lost - earlier.lost),
      gapsOver200Ms: Math.max(0, totals.gapsOver200Ms - earlier.gapsOver200Ms),
      gapsOver1s: Math.max(0, totals.gapsOver1s - earlier.gapsOver1s),
      lagMs: Math.round(this.lagMs),
    };
    this.before = { atMs: nowMs, totals };
    this.seconds.push({ ...second, spanMs });
    if (this.seconds.length > RATE_SECONDS) this.seconds.shift();
    this.lags.push(second.lagMs);
    if (this.lags.length > MAX_LAGS) this.lags.shift();
    this.lagMs = 0;
    return second;
  }

  /** @param options.asked peers that were told to come in; who is in no tick any more has left */
  report(ticks: readonly HostTick[], { asked, final }: { asked: number; final: boolean }): LoadReport {
    const counts = addCounts(ticks);
    const received = ticks.map((tick) => tick.received).reduce(addStreamFigures, noStreamFigures());
    const states = countStates(ticks.flatMap((tick) => tick.peers));
    if (final) {
      // It was to be in until the end, and was not.
      states.dropped += states.away;
      states.away = 0;
    }
    states.left = asked - Object.values(states).reduce((sum, count) => sum + count, 0);
    const rate = this.rates();
    const videoLayers: number[] = [];
    for (const tick of ticks) {
      for (const [layer, count] of tick.videoLayers.entries()) {
        videoLayers[layer] = (videoLayers[layer] ?? 0) + count;
      }
    }
    const { packets, lost, gapsOver200Ms, gapsOver1s, longestGapMs } = received;
    return {
      seconds: Math.round((this.options.clock.monotonicMs() - this.startedAtMs) / 100) / 10,
      joins: {
        asked,
        done: counts.joined,
        retries: counts.retries,
        failures: counts.failures,
        ...(counts.lastFailure !== undefined && { lastFailure: counts.lastFailure }),
      },
      peers: states,
      joinMs: percentiles(this.samples.joinMs),
      firstMediaMs: percentiles(this.samples.firstMediaMs),
      getInMs: percentiles(this.samples.getInMs),
      media: { ...rate, packets, lost, gapsOver200Ms, gapsOver1s, longestGapMs, videoLayers },
      connections: {
        lost: counts.disconnects,
        resumed: counts.resumed,
        rejoined: counts.rejoined,
        migrated: counts.migrated,
        awayMs: percentiles(this.samples.awayMs),
      },
      generator: {
        processes: this.options.processes,
        worstLagMs: percentiles(this.lags).max,
        typicalLagMs: percentiles(this.lags).p50,
        cpuSeconds: ticks.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      },
    };
  }

  private rates(): Pick<LoadReport['media'], 'receivedBps' | 'receivedBpsPerPeer' | 'wantedBps' | 'sentBps'> {
    const spanMs = this.seconds.reduce((sum, second) => sum + second.spanMs, 0) || 1;
    const mean = (of: (second: LoadSecond) => number): number =>
      this.seconds.reduce((sum, second) => sum + of(second) * second.spanMs, 0) / spanMs;
    const receivedBps = mean(({ receivedBps }) => receivedBps);
    return {
      receivedBps: Math.round(receivedBps),
      receivedBpsPerPeer: Math.round(
        receivedBps /
          Math.max(
            mean((second) => second.in),
            1,
          ),
      ),
      wantedBps: Math.round(mean(({ wantedBps }) => wantedBps)),
      sentBps: Math.round(mean(({ sentBps }) => sentBps)),
    };
  }

  /** Who is in receives from every other publisher of its room that is in. */
  private wantedBps(peers: HostTick['peers']): number {
    const rooms = new Map<string, { peers: number; publishers: number }>();
    for (const { roomId, publishes, state } of peers) {
      if (state !== 'in') continue;
      const room = rooms.get(roomId) ?? { peers: 0, publishers: 0 };
      room.peers += 1;
      if (publishes) room.publishers += 1;
      rooms.set(roomId, room);
    }
    const streams = Array.from(rooms.values()).reduce(
      (sum, { peers: inRoom, publishers }) => sum + publishers * (inRoom - 1),
      0,
    );
    return streams * this.options.wantedBpsPerPublisher;
  }
}

function totalsOf(ticks: readonly HostTick[]): Totals {
  const received = ticks.map((tick) => tick.received).reduce(addStreamFigures, noStreamFigures());
  return {
    receivedBytes: received.bytes,
    sentBytes: ticks.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    lost: received.lost,
    gapsOver200Ms: received.gapsOver200Ms,
    gapsOver1s: received.gapsOver1s,
    failures: addCounts(ticks).failures,
  };
}

function countStates(peers: readonly (PeerSpec & { state: PeerState })[]): Record<PeerState, number> {
  const states: Record<PeerState, number> = { entering: 0, in: 0, away: 0, failed: 0, dropped: 0, left: 0 };
  for (const { state } of peers) states[state] += 1;
  return states;
}

function failuresSince(before: Record<string, number>, now: Record<string, number>): Record<string, number> {
  const news = Object.entries(now).map(([code, count]) => [code, count - (before[code] ?? 0)] as const);
  return Object.fromEntries(news.filter(([, count]) => count > 0));
}
