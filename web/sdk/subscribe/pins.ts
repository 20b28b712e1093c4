import type { MediaSession } from '../media/media-session';

/** The peers whom this client always wants to see and hear, over all its sessions. */
export class Pins {
  readonly #peerIds = new Set<string>();
  #media: MediaSession | undefined;

  /** The one that was pinned last first. */
  get peerIds(): readonly string[] {
    return [...this.#peerIds].reverse();
  }

  /** Makes them known on a new session. */
  async useSession(media: MediaSession): Promise<void> {
    this.#media = media;
    if (this.#peerIds.size > 0) await this.#tell();
  }

  async pin(peerId: string): Promise<void> {
    this.#peerIds.delete(peerId);
    this.#peerIds.add(peerId);
    await this.#tell();
  }

  async unpin(peerId: string): Promise<void> {
    if (this.#peerIds.delete(peerId)) await this.#tell();
  }

  async #tell(): Promise<void> {
    const media = this.#media;
    if (media === undefined || media.closed) return;
    await media.api.setPinnedPeers(this.peerIds);
  }
}
