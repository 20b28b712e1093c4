import type { TrackKind, TrackSource } from '../vocabulary';
import { isRecord } from '../signalling/frames';

/** What tells a track's meaning to others: mediasoup-demo's `source` and `share`, and our own fields beside. */
export interface TrackLabel {
  source: TrackSource;
  name: string | undefined;
}

/** `appData` of a producer. Clients of either generation of mediasoup-demo understand its first two fields. */
export function trackAppData({ source, name }: TrackLabel, kind: TrackKind): Record<string, unknown> {
  const demoSource = source === 'screen' ? 'screensharing' : kind;
  return { source: demoSource, share: source === 'screen', trackSource: source, ...(name && { name }) };
}

/** The label in a consumer's `appData`, whichever client published it. */
export function trackLabel(appData: unknown, kind: TrackKind): TrackLabel {
  const data = isRecord(appData) ? appData : {};
  const name = typeof data.name === 'string' ? data.name : undefined;
  if (isTrackSource(data.trackSource)) return { source: data.trackSource, name };
  if (data.source === 'screensharing' || data.share === true) return { source: 'screen', name };
  return { source: kind === 'audio' ? 'microphone' : 'camera', name };
}

function isTrackSource(value: unknown): value is TrackSource {
  return value === 'camera' || value === 'microphone' || value === 'screen' || value === 'custom';
}
