/** Counters of one RTP stream at one moment, from WebRTC's statistics. */
export interface StreamCounters {
  /** Milliseconds. */
  timestampMs: number;
  bytes: number;
  packets: number;
  packetsLost: number;
}

/** Bits per second between two readings; 0 without an earlier one, or when the counters began anew. */
export function bitrateBps(now: StreamCounters, before: StreamCounters | undefined): number {
  if (!before || now.timestampMs <= before.timestampMs || now.bytes < before.bytes) return 0;
  return Math.round(((now.bytes - before.bytes) * 8_000) / (now.timestampMs - before.timestampMs));
}

/** Lost ÷ expected packets between two readings, 0–1. Since the start without an earlier reading. */
export function lossRatio(now: StreamCounters, before: StreamCounters | undefined): number {
  const lost = Math.max(0, now.packetsLost - (before?.packetsLost ?? 0));
  const arrived = Math.max(0, now.packets - (before?.packets ?? 0));
  return lost + arrived === 0 ? 0 : lost / (lost + arrived);
}
