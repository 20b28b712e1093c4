import type { Holder } from '../../../core/cascade/holder-choice';
import { judgeFanOut } from '../../../core/cascade/fan-out';
import { MAX_NAMED_HOLDERS } from '../../../core/protocol/pipe';
import { PipeFullError } from './pipe-full-error';

/** Somebody who is sent a stream, or soon will be. */
interface Served {
  readonly to: Holder;
  has: boolean;
}

/** To whom on other nodes a room's streams are sent from this node. */
export class FanOut {
  readonly #limit: number;
  readonly #served = new Map<string, Set<Served>>();

  /** @param limit how many get one stream from here at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Gives a router of another node its place among those who get a stream.
   * @param depth how many nodes the stream has passed to get here
   * @throws PipeFullError
   */
  admit(id: string, to: Holder, depth: number): FanOutPlace {
    const served = this.#served.get(id) ?? new Set<Served>();
    const verdict = judgeFanOut({ depth, served: served.size, limit: this.#limit });
    if (!verdict.serves) throw new PipeFullError(verdict.namesHolders ? holdersAmong(served) : []);
    const entry: Served = { to, has: false };
    this.#served.set(id, served.add(entry));
    return {
      taken: () => (entry.has = true),
      release: () => {
        served.delete(entry);
        if (served.size === 0 && this.#served.get(id) === served) this.#served.delete(id);
      },
    };
  }
}

export interface FanOutPlace {
  /** It has the stream: it may be named to others from now on. */
  taken(): void;
  /** Idempotent. */
  release(): void;
}

function holdersAmong(served: ReadonlySet<Served>): Holder[] {
  return Array.from(served)
    .filter(({ has }) => has)
    .slice(0, MAX_NAMED_HOLDERS)
    .map(({ to }) => to);
}
