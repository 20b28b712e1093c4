import { FleetClientError } from '../errors';

/** Messages of a session that wait until it is known whether the client stays in it. */
export class HeldMessages {
  #held: { run: () => void; drop: () => void }[] | undefined;

  /** From now on they wait. */
  hold(): void {
    this.#held ??= [];
  }

  /** What waited is handled, in order, and what comes is at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { run } of held) run();
  }

  /** The session is over: nothing that waited is for anybody. */
  drop(): void {
    for (const { drop } of this.#held?.splice(0) ?? []) drop();
  }

  notification(handle: () => void): void {
    if (this.#held) this.#held.push({ run: handle, drop: () => undefined });
    else handle();
  }

  request(handle: () => Promise<unknown>): Promise<unknown> {
    const held = this.#held;
    if (!held) return handle();
    return new Promise((resolve, reject) => {
      held.push({
        run: () => {
          handle().then(resolve, reject);
        },
        drop: () => reject(new FleetClientError('NOT_CONNECTED', 'the client has left this session')),
      });
    });
  }
}
