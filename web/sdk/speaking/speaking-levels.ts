import type { SpeakingLevel } from '../vocabulary';

/** Below it, microphones only give the noise of their room. A level, 0–1 (about −40 dBFS). */
const SPEAKING_FROM = 0.01;

/** Who is heard now, loudest first; one entry per peer, the loudest of its microphones. Pure. */
export function speakingLevels(measured: readonly SpeakingLevel[]): SpeakingLevel[] {
  const loudest = new Map<string, number>();
  for (const { peerId, level } of measured) {
    if (level >= SPEAKING_FROM) loudest.set(peerId, Math.max(level, loudest.get(peerId) ?? 0));
  }
  return [...loudest]
    .map(([peerId, level]) => ({ peerId, level }))
    .sort((a, b) => b.level - a.level || (a.peerId < b.peerId ? -1 : 1));
}
