import type { PeerInfo } from '../../core/protocol/demo/peer-info';
import type { AnnouncedPeer } from '../../core/protocol/room-link';
import type { RoomOptions } from '../../core/room-options';
import type { Publisher } from './publisher';
import { RemoteDataPublication, RemotePublication } from './remote-publication';

/** What has changed between two announcements of a publisher. What it stopped sending is closed by then. */
export interface RemoteChange {
  streams: RemotePublication[];
  data: RemoteDataPublication[];
  /** Its name before, if it has another one now. */
  oldDisplayName: string | undefined;
}

/** A peer or broadcaster on another node of the room. */
export class RemotePublisher implements Publisher {
  readonly nodeId: string;
  readonly joined = true;
  readonly #streams = new Map<string, RemotePublication>();
  readonly #data = new Map<string, RemoteDataPublication>();
  #peer: AnnouncedPeer;
  #closed = false;

  constructor(nodeId: string, peer: AnnouncedPeer) {
    this.nodeId = nodeId;
    this.#peer = peer;
    this.update(peer);
  }

  get peerId(): string {
    return this.#peer.peerId;
  }

  get stamp(): number {
    return this.#peer.stamp;
  }

  get isAudience(): boolean {
    return this.#peer.isAudience === true;
  }

  get roomOptions(): RoomOptions | undefined {
    return this.#peer.roomOptions;
  }

  get closed(): boolean {
    return this.#closed;
  }

  publications(): RemotePublication[] {
    return Array.from(this.#streams.values());
  }

  dataPublications(): RemoteDataPublication[] {
    return Array.from(this.#data.values());
  }

  info(): PeerInfo {
    const { peerId, displayName, device, remoteAddress } = this.#peer;
    return { peerId, displayName, device, remoteAddress };
  }

  update(peer: AnnouncedPeer): RemoteChange {
    const oldDisplayName = this.#peer.displayName === peer.displayName ? undefined : this.#peer.displayName;
    this.#peer = peer;
    return {
      streams: follow(this.#streams, peer.streams, (stream) => new RemotePublication(this.nodeId, stream)),
      data: follow(this.#data, peer.data, (data) => new RemoteDataPublication(this.nodeId, data)),
      oldDisplayName,
    };
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    follow(this.#streams, [], neverNew);
    follow(this.#data, [], neverNew);
  }
}

/** Brings `known` in line with what is announced, and gives what is new. */
function follow<A extends { id: string }, P extends { close(): void }>(
  known: Map<string, P>,
  announced: readonly A[],
  create: (announced: A) => P,
): P[] {
  const ids = new Set(announced.map(({ id }) => id));
  for (const [id, publication] of known) {
    if (ids.has(id)) continue;
    known.delete(id);
    publication.close();
  }
  const added = [];
  for (const one of announced) {
    if (known.has(one.id)) continue;
    const publication = create(one);
    known.set(one.id, publication);
    added.push(publication);
  }
  return added;
}

function neverNew(): never {
  throw new Error('nothing is announced');
}
