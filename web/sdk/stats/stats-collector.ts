import type { MediaSession } from '../media/media-session';
import type { LocalTrack } from '../publish/local-track';
import type { RemoteTrack } from '../subscribe/remote-track';
import type { FleetStats, SessionInfo } from '../types';
import type { SentLayerStats, TrackStats } from '../vocabulary';
import { bitrateBps, lossRatio, type StreamCounters } from './rates';

/** The fields that the SDK reads of an entry of `RTCStatsReport`; which are there depends on its type. */
interface StatsEntry {
  id: string;
  type: string;
  timestamp: number;
  kind?: string;
  bytesSent?: number;
  bytesReceived?: number;
  packetsSent?: number;
  packetsReceived?: number;
  packetsLost?: number;
  fractionLost?: number;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  framesDecoded?: number;
  framesEncoded?: number;
  jitter?: number;
  active?: boolean;
  rid?: string;
  ssrc?: number;
  localId?: string;
  currentRoundTripTime?: number;
  availableOutgoingBitrate?: number;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  protocol?: string;
  audioLevel?: number;
}

export interface StatsSources {
  peerId: string;
  session: SessionInfo | undefined;
  media: MediaSession | undefined;
  localTracks: readonly LocalTrack[];
  remoteTracks: readonly RemoteTrack[];
}

/** Reads WebRTC's statistics and turns counters into rates since the reading before. */
export class StatsCollector {
  #before = new Map<string, StreamCounters>();

  async collect({ peerId, session, media, localTracks, remoteTracks }: StatsSources): Promise<FleetStats> {
    const before = this.#before;
    const now = new Map<string, StreamCounters>();
    const [transports, sent, received] = await Promise.all([
      media?.closed === false ? media.stats() : undefined,
      Promise.all(
        localTracks.map(async (track) => sentStats(track, peerId, entries(await track.senderStats()))),
      ),
      Promise.all(
        remoteTracks.map(async (track) => receivedStats(track, entries(await track.receiverStats()))),
      ),
    ]);
    this.#before = now;
    const tracks = [...sent, ...received].map((build) => build(before, now));
    const pairs = [transports?.send, transports?.receive].map((report) => selectedPair(entries(report)));
    const sum = (direction: 'send' | 'receive') =>
      tracks
        .filter((track) => track.direction === direction)
        .reduce((total, track) => total + track.bitrateBps, 0);
    return {
      session,
      rttMs: pairs.map((pair) => pair?.rttMs).find((rttMs) => rttMs !== undefined),
      sendBitrateBps: sum('send'),
      receiveBitrateBps: sum('receive'),
      availableSendBps: pairs[0]?.availableBps,
      protocol: pairs.map((pair) => pair?.protocol).find((protocol) => protocol !== undefined),
      tracks,
    };
  }
}

/** Loudness of a published microphone, 0–1. */
export function sentAudioLevel(report: RTCStatsReport | undefined): number {
  return entries(report).find(({ type }) => type === 'media-source')?.audioLevel ?? 0;
}

type Build = (before: Map<string, StreamCounters>, now: Map<string, StreamCounters>) => TrackStats;

function sentStats(track: LocalTrack, peerId: string, report: StatsEntry[]): Build {
  return (before, now) => {
    const streams = report.filter(({ type }) => type === 'outbound-rtp');
    const layers: SentLayerStats[] = streams
      .map((stream) => {
        const key = `${track.producerId}/${stream.ssrc}`;
        const counters = countersOf(stream, stream.bytesSent, stream.packetsSent, 0);
        now.set(key, counters);
        return { stream, bps: bitrateBps(counters, before.get(key)) };
      })
      .sort((a, b) => (a.stream.rid ?? '').localeCompare(b.stream.rid ?? ''))
      .map(({ stream, bps }, spatialLayer) => ({
        spatialLayer,
        active: stream.active ?? true,
        bitrateBps: bps,
        frameWidth: stream.frameWidth,
        frameHeight: stream.frameHeight,
      }));
    const remotes = report.filter(({ type }) => type === 'remote-inbound-rtp');
    const largest = streams.reduce<StatsEntry | undefined>(
      (best, stream) => ((stream.frameWidth ?? 0) > (best?.frameWidth ?? 0) ? stream : best),
      undefined,
    );
    return {
      direction: 'send',
      peerId,
      source: track.source,
      kind: track.kind,
      bitrateBps: layers.reduce((total, layer) => total + layer.bitrateBps, 0),
      lossRatio: Math.max(0, ...remotes.map(({ fractionLost = 0 }) => fractionLost)),
      frameWidth: largest?.frameWidth,
      frameHeight: largest?.frameHeight,
      framesPerSecond: largest?.framesPerSecond,
      frames: streams.reduce((total, { framesEncoded = 0 }) => total + framesEncoded, 0),
      currentLayers: undefined,
      layers: track.kind === 'video' ? layers : [],
      jitterMs: toMs(remotes[0]?.jitter),
      publisherNodeId: undefined,
      score: track.score,
    };
  };
}

function receivedStats(track: RemoteTrack, report: StatsEntry[]): Build {
  return (before, now) => {
    const stream = report.find(({ type }) => type === 'inbound-rtp');
    const counters =
      stream && countersOf(stream, stream.bytesReceived, stream.packetsReceived, stream.packetsLost);
    const key = track.consumerId;
    if (counters) now.set(key, counters);
    return {
      direction: 'receive',
      peerId: track.peerId,
      source: track.source,
      kind: track.kind,
      bitrateBps: counters ? bitrateBps(counters, before.get(key)) : 0,
      lossRatio: counters ? lossRatio(counters, before.get(key)) : 0,
      frameWidth: stream?.frameWidth,
      frameHeight: stream?.frameHeight,
      framesPerSecond: stream?.framesPerSecond,
      frames: stream?.framesDecoded ?? 0,
      currentLayers: track.currentLayers,
      layers: [],
      jitterMs: toMs(stream?.jitter),
      publisherNodeId: track.publisherNodeId,
      score: track.score,
    };
  };
}

function selectedPair(report: StatsEntry[]) {
  const byId = new Map(report.map((entry) => [entry.id, entry]));
  const transport = report.find(({ type }) => type === 'transport');
  const pair =
    byId.get(transport?.selectedCandidatePairId ?? '') ??
    report.find((entry) => entry.type === 'candidate-pair' && entry.currentRoundTripTime !== undefined);
  if (!pair) return undefined;
  return {
    rttMs: toMs(pair.currentRoundTripTime),
    availableBps: pair.availableOutgoingBitrate,
    protocol: byId.get(pair.localCandidateId ?? '')?.protocol,
  };
}

function countersOf(
  entry: StatsEntry,
  bytes: number | undefined,
  packets: number | undefined,
  packetsLost: number | undefined,
): StreamCounters {
  return {
    timestampMs: entry.timestamp,
    bytes: bytes ?? 0,
    packets: packets ?? 0,
    packetsLost: packetsLost ?? 0,
  };
}

function entries(report: RTCStatsReport | undefined): StatsEntry[] {
  const all: StatsEntry[] = [];
  report?.forEach((entry: StatsEntry) => all.push(entry));
  return all;
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 10_000) / 10;
}
