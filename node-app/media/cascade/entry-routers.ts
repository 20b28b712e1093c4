import type { types } from 'mediasoup';
import type { PipeSinkPort, PipeSourcePort } from './pipe-signalling';
import type { PulledProducer } from './pulled-producer';
import type { RemoteStream } from './remote-stream';
import type { Hold } from './shared-pulls';

/** A router of this node, for the room's other routers here. */
export interface LocalRouter {
  readonly workerIndex: number;
  readonly closed: boolean;
  /** The sending end of a pipe within this node. */
  openSourceWithin(sink: PipeSinkPort): PipeSourcePort;
  holdRemote(stream: RemoteStream): Promise<Hold<PulledProducer>>;
  holdRemoteData(stream: RemoteStream): Promise<Hold<types.DataProducer>>;
}

export interface EntryClaim {
  readonly router: LocalRouter;
  /** Idempotent. */
  release(): void;
}

interface Entry {
  router: LocalRouter;
  claims: number;
}

/** Through which router of this node each remote stream comes: the one whose peers wanted it first. */
export class EntryRouters {
  readonly #entries = new Map<string, Entry>();

  /** The router through which a stream comes until the claim is released; `own`, if there is none. */
  claim(id: string, own: LocalRouter): EntryClaim {
    const present = this.#entries.get(id);
    const entry = present === undefined || present.router.closed ? { router: own, claims: 0 } : present;
    this.#entries.set(id, entry);
    entry.claims += 1;
    let released = false;
    return {
      router: entry.router,
      release: () => {
        if (released) return;
        released = true;
        entry.claims -= 1;
        if (entry.claims === 0 && this.#entries.get(id) === entry) this.#entries.delete(id);
      },
    };
  }
}
