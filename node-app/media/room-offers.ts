import type { Clock } from '../../core/clock';
import { isForTheBot } from './bot-channel';
import { FirstPicture } from './first-picture';
import { consume } from './operations/consume';
import { consumeData } from './operations/consume-data';
import type { DataPublication, Publication } from './publication';
import type { Publisher } from './publisher';
import type { RoomForwarding } from './forwarding/room-forwarding';
import type { RoomMember } from './room-member';
import { supervise } from './supervise';

export interface RoomOffersOptions {
  forwarding: RoomForwarding;
  clock: Clock;
}

/** Not at once, so that a pipe that breaks again and again doesn't keep the workers busy. */
const OFFER_AGAIN_MS = 250;
/** What can't be brought here is tried again for as long as it is there: the way to it may come back. */
const FAILED_OFFER_AGAIN_MS = 5_000;
/** Within this time those come whose room is rebuilt: they were told a time within 50 ms (`ReturnPacer`). */
const ROOM_FILLS_MS = 200;
/** Where somebody has just come, others often do. */
const OTHERS_FOLLOW_MS = 150;

/** Offers the peers of a room on this node what others send, until they have it or it is gone. */
export class RoomOffers {
  readonly #options: RoomOffersOptions;
  /** Those whose viewers have not begun yet, by producer. */
  readonly #firstPictures = new Map<string, FirstPicture>();
  /** By the monotonic clock. */
  readonly #bornAtMs: number;
  #lastJoinMs: number;

  constructor(options: RoomOffersOptions) {
    this.#options = options;
    this.#bornAtMs = this.#lastJoinMs = options.clock.monotonicMs();
  }

  /** Somebody has joined the room here. */
  joined(): void {
    this.#lastJoinMs = this.#options.clock.monotonicMs();
    for (const picture of this.#firstPictures.values()) picture.review();
  }

  /** All that is there, in the order of its places; later, if the peer has no receiving transport yet. */
  toNewcomer(peer: RoomMember, publishers: readonly Publisher[]): void {
    if (peer.entities.receivingTransport() === undefined) return;
    const offers = publishers.flatMap((publisher) =>
      publisher.publications().map((publication) => ({ publisher, publication })),
    );
    const { slots } = peer;
    slots?.arrange(offers.map(({ publication }) => publication.id));
    const placeOf = ({ publication }: { publication: Publication }) => slots?.orderOf(publication.id) ?? 0;
    offers.sort((a, b) => placeOf(a) - placeOf(b));
    for (const { publisher, publication } of offers) this.#offer(peer, publisher, publication);
  }

  /** Something new, to these. */
  toAll(peers: readonly RoomMember[], publisher: Publisher, publication: Publication): void {
    const { id, kind } = publication;
    if (kind === 'video') this.#firstPictures.set(id, this.#newPicture(id));
    for (const peer of peers) this.#offer(peer, publisher, publication);
    this.#firstPictures.get(id)?.review();
  }

  /** Resolves once the peer has taken or refused it; never rejects. */
  async data(peer: RoomMember, publisher: Publisher, publication: DataPublication): Promise<void> {
    if (isForTheBot(publication)) return;
    const again = () => void this.data(peer, publisher, publication);
    const onLost = () => this.#options.clock.setTimer(OFFER_AGAIN_MS, again);
    const offer = consumeData({ subscriber: peer, publisherId: publisher.peerId, publication, onLost });
    this.#supervise(offer, 'offering a data producer', { peer, publication, again });
    await Promise.allSettled([offer]);
  }

  /** Nobody waits any more. */
  close(): void {
    for (const picture of Array.from(this.#firstPictures.values())) picture.close();
  }

  #newPicture(id: string): FirstPicture {
    this.#firstPictures.get(id)?.close();
    return new FirstPicture({
      comingForMs: () => this.#comingForMs(),
      onBegin: () => this.#firstPictures.delete(id),
      clock: this.#options.clock,
    });
  }

  /** For how long others may still be on their way, milliseconds. */
  #comingForMs(): number {
    const nowMs = this.#options.clock.monotonicMs();
    return Math.max(0, this.#bornAtMs + ROOM_FILLS_MS - nowMs, this.#lastJoinMs + OTHERS_FOLLOW_MS - nowMs);
  }

  #offer(peer: RoomMember, publisher: Publisher, publication: Publication): void {
    const { forwarding, clock } = this.#options;
    const again = () => this.#offer(peer, publisher, publication);
    const offer = consume({
      subscriber: peer,
      publisherId: publisher.peerId,
      publication,
      firstViewer: this.#firstPictures.get(publication.id)?.expect(peer.entities.receivingTransport()),
      onConsumer: (entry) => forwarding.add(peer, entry, publication),
      onAccepted: (entry) => forwarding.accepted(peer, entry),
      // Its pipe broke and the producer lives: it is offered again, by another pipe.
      onLost: () => clock.setTimer(OFFER_AGAIN_MS, again),
    });
    this.#supervise(offer, 'offering a producer', { peer, publication, again });
  }

  #supervise(
    offer: Promise<void>,
    what: string,
    failed: { peer: RoomMember; publication: { readonly closed: boolean }; again: () => void },
  ): void {
    const { peer, publication, again } = failed;
    supervise(offer, peer.logger, what);
    offer.catch(() => {
      if (!publication.closed && !peer.closed) this.#options.clock.setTimer(FAILED_OFFER_AGAIN_MS, again);
    });
  }
}
