import { FleetError } from '../../../core/errors';
import { onceClosed, type LaneTransport } from './lane-transport';

/** The transport of one lane: none, one being made, or one. */
export class LaneSlot<T extends LaneTransport> {
  readonly #onGone: () => void;
  #transport: T | undefined;
  #filling = false;
  #closed = false;

  /** @param onGone the transport has closed by itself */
  constructor(onGone: () => void) {
    this.#onGone = onGone;
  }

  /** In place of the one before: the sink opens a lane again only when its own end of it failed. */
  async fill(create: () => Promise<T>): Promise<T> {
    if (this.#filling) throw badRequest('this lane of the pipe is being opened');
    this.#filling = true;
    this.empty();
    try {
      const transport = await create();
      if (this.#closed) {
        transport.close();
        throw new FleetError('FLEET_ERR_PIPE_CLOSED');
      }
      this.#transport = transport;
      onceClosed(transport, () => {
        if (this.#transport === transport) this.#onGone();
      });
      return transport;
    } finally {
      this.#filling = false;
    }
  }

  /** @throws FleetError FLEET_ERR_BAD_REQUEST when there is none */
  transport(): T {
    if (this.#transport === undefined) throw badRequest('this lane of the pipe is not open');
    return this.#transport;
  }

  empty(): void {
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close();
  }

  close(): void {
    this.#closed = true;
    this.empty();
  }
}

function badRequest(message: string): FleetError {
  return new FleetError('FLEET_ERR_BAD_REQUEST', { message });
}
