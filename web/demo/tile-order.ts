export interface VisibleTilesOptions {
  /** Everybody, in the order they came. */
  ids: readonly string[];
  /** Who spoke, most recent first. */
  recentSpeakers: readonly string[];
  /** Tiles there is room for, at least 1. */
  limit: number;
}

/**
 * Whose tiles are shown when not everybody fits: the first to come keep their places, and recent speakers
 * take the last ones, so that nobody talks unseen and the others don't jump around.
 */
export function visibleTiles({ ids, recentSpeakers, limit }: VisibleTilesOptions): string[] {
  if (ids.length <= limit) return [...ids];
  const present = new Set(ids);
  const shown = ids.slice(0, limit);
  const outside = recentSpeakers.filter((id) => present.has(id) && !shown.includes(id));
  const heard = new Set(recentSpeakers.slice(0, limit));
  let place = shown.length - 1;
  for (const speaker of outside.slice(0, limit)) {
    while (place >= 0 && heard.has(shown[place] ?? '')) place -= 1;
    if (place < 0) break;
    shown[place] = speaker;
    place -= 1;
  }
  return shown;
}

/** Puts `id` at the front of a short memory of speakers. */
export function rememberSpeaker(recent: readonly string[], id: string, keep = 8): string[] {
  return [id, ...recent.filter((other) => other !== id)].slice(0, keep);
}
