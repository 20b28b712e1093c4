/** How a message stands to those before it: the next one, one after others that are missing, or a repetition. */
export type MessagePlace = 'next' | 'afterGap' | 'old';

/** The numbers of one pipe's messages, in both directions (core/protocol/pipe.ts). */
export class MessageOrder {
  #sent = 0;
  #received = 0;

  /** The number of a message that is sent now. */
  next(): number {
    this.#sent += 1;
    return this.#sent;
  }

  place(seq: number): MessagePlace {
    if (seq <= this.#received) return 'old';
    const place = seq === this.#received + 1 ? 'next' : 'afterGap';
    this.#received = seq;
    return place;
  }
}
