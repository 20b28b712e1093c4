import type { Clock, Timer } from '../../core/clock';
import type { AnnouncedPeer } from '../../core/protocol/room-link';
import type { RemotePublisher } from './remote-publisher';

/** A node that does not say that it has ended is not waited for longer than this, milliseconds. */
const LONGEST_MS = 15_000;

/** Publishers that have migrated to another node: what they sent before goes on until it ends there. */
export class LingeringPublishers {
  readonly #clock: Clock;
  readonly #onEnded: (publisher: RemotePublisher) => void;
  readonly #timers = new Map<RemotePublisher, Timer>();

  constructor(clock: Clock, onEnded: (publisher: RemotePublisher) => void) {
    this.#clock = clock;
    this.#onEnded = onEnded;
  }

  add(publisher: RemotePublisher): void {
    this.#timers.set(
      publisher,
      this.#clock.setTimer(LONGEST_MS, () => this.#end(publisher)),
    );
  }

  /** What it no longer sends there ends here. */
  changed(nodeId: string, peer: AnnouncedPeer): void {
    // What it should begin to send is not for anybody.
    this.#find(nodeId, peer.peerId)?.update(peer);
  }

  gone(nodeId: string, peerId: string): void {
    const publisher = this.#find(nodeId, peerId);
    if (publisher !== undefined) this.#end(publisher);
  }

  /** Idempotent. */
  close(): void {
    for (const publisher of [...this.#timers.keys()]) this.#end(publisher);
  }

  #find(nodeId: string, peerId: string): RemotePublisher | undefined {
    return [...this.#timers.keys()].find((one) => one.nodeId === nodeId && one.peerId === peerId);
  }

  #end(publisher: RemotePublisher): void {
    this.#timers.get(publisher)?.cancel();
    this.#timers.delete(publisher);
    publisher.close();
    this.#onEnded(publisher);
  }
}
