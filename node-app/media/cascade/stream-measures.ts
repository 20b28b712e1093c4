import type { types } from 'mediasoup';

/** How the streams of one or more consumers or producers of a pipe fare. */
export interface StreamMeasures {
  bitrateBps: number;
  /** From RTCP reports. @default unknown */
  rttMs?: number;
  /** Share of the packets that the receiving end missed lately, before repair, 0 to 1. @default unknown */
  lossRatio?: number;
}

type StreamStats = Pick<types.ConsumerStat, 'type' | 'bitrate' | 'roundTripTime' | 'fractionLost'>;

/** RTCP counts the lost in 256ths. */
const FRACTION_UNIT = 256;

/** Those that close meanwhile have none. Never rejects. */
export async function statsOf(
  streams: readonly { getStats(): Promise<StreamStats[]> }[],
): Promise<StreamStats[]> {
  const stats = await Promise.allSettled(streams.map((stream) => stream.getStats()));
  return stats.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
}

/** Streams that carry nothing say nothing about the way. */
export function measureStreams(stats: readonly StreamStats[]): StreamMeasures {
  const flowing = stats.filter(({ bitrate }) => bitrate > 0);
  const bitrateBps = flowing.reduce((sum, { bitrate }) => sum + bitrate, 0);
  const rtts = flowing.flatMap(({ roundTripTime = 0 }) => (roundTripTime > 0 ? [roundTripTime] : []));
  return {
    bitrateBps,
    ...(rtts.length > 0 && { rttMs: Math.min(...rtts) }),
    ...(bitrateBps > 0 && {
      lossRatio:
        flowing.reduce((sum, { fractionLost, bitrate }) => sum + fractionLost * bitrate, 0) /
        (FRACTION_UNIT * bitrateBps),
    }),
  };
}
