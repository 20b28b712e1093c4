import type { Holder } from '../../../core/cascade/holder-choice';
import { judgeFanOut } from '../../../core/cascade/fan-out';
import { MAX_NAMED_HOLDERS } from '../../../core/protocol/pipe';
import { PipeFullError } from './pipe-full-error';

/** Somebody who is sent a stream, or soon will be. */
interface Served {
  readonly to: Holder;
  has: boolean;
}

/** Who asks for a stream. */
export interface FanOutRequest {
  to: Holder;
  /** How many nodes the stream has passed to get here. */
  depth: number;
  /** Those who were named don't pass it on. @default false */
  insists?: boolean | undefined;
}

/** To whom on other nodes a room's streams are sent from this node. */
export class FanOut {
  readonly #limit: number;
  readonly #farRegionOf: (nodeId: string) => string | undefined;
  readonly #served = new Map<string, Set<Served>>();

  /**
   * @param limit how many get one stream from here at most
   * @param farRegionOf the region of a node that is in another one; undefined: it is in this one
   */
  constructor(limit: number, farRegionOf: (nodeId: string) => string | undefined) {
    this.#limit = limit;
    this.#farRegionOf = farRegionOf;
  }

  /**
   * Gives a router of another node its place among those who get a stream.
   * @throws PipeFullError
   */
  admit(id: string, { to, depth, insists = false }: FanOutRequest): FanOutPlace {
    const served = this.#served.get(id) ?? new Set<Served>();
    const near = insists ? [] : this.#near(to, served);
    const isNearAHolder = near.length > 0;
    const verdict = judgeFanOut({ depth, served: served.size, limit: this.#limit, isNearAHolder });
    if (!verdict.serves) {
      throw new PipeFullError(verdict.namesHolders ? (isNearAHolder ? near : holdersAmong(served)) : []);
    }
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

  /** Those who have it in the other region in which this one is. */
  #near(to: Holder, served: ReadonlySet<Served>): Holder[] {
    const region = this.#farRegionOf(to.nodeId);
    if (region === undefined) return [];
    return holdersAmong(served).filter(
      ({ nodeId }) => nodeId !== to.nodeId && this.#farRegionOf(nodeId) === region,
    );
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
