/**
 * The regions in which a room's directory may be, the one that serves while it can first: rendezvous hashing, so that
 * every node finds the same order by itself, rooms are spread evenly, and a region that is added or taken away moves only
 * the rooms that it gets or had.
 */
export function directoryOrder(roomId: string, regions: readonly string[]): string[] {
  const weighed = regions.map((region) => ({ region, weight: weightOf(`${region}\0${roomId}`) }));
  return weighed
    .sort((a, b) => b.weight - a.weight || (a.region < b.region ? -1 : 1))
    .map(({ region }) => region);
}

/** FNV-1a over UTF-16 units, and MurmurHash3's last step, without which names that end alike weigh alike. */
function weightOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
