import type { Clock } from '../../../core/protocol/for-browsers';
import type { DataHub } from '../data/data-hub';
import { FleetClientError } from '../errors';
import type { MediaSession } from '../media/media-session';
import type { Publisher } from '../publish/publisher';
import type { HeldMessages } from '../signalling/held-messages';
import type { SignallingHandlers } from '../signalling/signalling-session';
import type { Pins } from '../subscribe/pins';
import type { Subscriber } from '../subscribe/subscriber';
import type { Migrating } from './session-migration';

export interface ClientMigrationOptions {
  clock: Clock;
  subscriber: Subscriber;
  publisher: Publisher;
  data: DataHub;
  pins: Pins;
  /** Messages of the session before. */
  held: HeldMessages;
  /** What goes on until the new session has taken over. */
  from: MediaSession;
  to: MediaSession;
  handlers: SignallingHandlers;
  joinDetails: () => { displayName: string; device: unknown };
  /** The new session's media is the client's, respectively the one before is again. */
  useMedia: (media: MediaSession) => void;
}

/** Pictures that have not come by then come later, milliseconds: the server waits for no more than 12 s in all. */
const SHOWN_PATIENCE_MS = 4_000;

/** Brings all that a client sends and receives to a session on another node, and back when that fails. */
export class ClientMigration implements Migrating {
  readonly handlers: SignallingHandlers;
  readonly #options: ClientMigrationOptions;
  #joinedAs: string | undefined;
  #hasBegun = false;
  #isOver = false;

  constructor(options: ClientMigrationOptions) {
    this.#options = options;
    this.handlers = options.handlers;
  }

  async arrive(): Promise<void> {
    const { subscriber, publisher, data, pins, held, to, joinDetails, useMedia } = this.#options;
    await to.open();
    this.#assertGoesOn();
    // From the answer on, the new session tells of the room; what the other one says counts if the client stays.
    held.hold();
    this.#hasBegun = true;
    const slots = subscriber.slots();
    subscriber.arrive(to);
    useMedia(to);
    const { displayName, device } = joinDetails();
    this.#joinedAs = displayName;
    const found = await to.api.join({ displayName, device, rtpCapabilities: to.rtpCapabilities, slots });
    this.#assertGoesOn();
    subscriber.joined(found);
    await Promise.all([pins.useSession(to), publisher.arrive(to), data.arrive(to)]);
    this.#assertGoesOn();
    // Also when nothing that comes can be seen: a takeover to where no packet gets would be the end of the call.
    await Promise.race([Promise.all([subscriber.shown(), to.connected()]), this.#wait(SHOWN_PATIENCE_MS)]);
    this.#assertGoesOn();
    if (!to.isConnected) throw new FleetClientError('MEDIA_FAILED', 'no media reaches the other node');
  }

  settle(): void {
    this.#isOver = true;
    const { subscriber, data, held, to, joinDetails } = this.#options;
    held.drop();
    subscriber.settle();
    data.settle();
    const { displayName } = joinDetails();
    if (displayName !== this.#joinedAs) to.api.changeDisplayName(displayName).catch(() => undefined);
  }

  stay(): void {
    this.#isOver = true;
    const { subscriber, publisher, data, pins, held, from, to, useMedia } = this.#options;
    if (this.#hasBegun) {
      useMedia(from);
      subscriber.stay();
      data.stay();
      void publisher.useSession(from);
      pins.useSession(from).catch(() => undefined);
    }
    to.close();
    held.release();
  }

  earlierEnded(): void {
    this.#options.data.earlierEnded();
    this.#options.from.close();
  }

  #assertGoesOn(): void {
    if (this.#isOver || this.#options.to.closed) {
      throw new FleetClientError('NOT_CONNECTED', 'the migration has ended', { retriable: true });
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimer(ms, resolve));
  }
}
