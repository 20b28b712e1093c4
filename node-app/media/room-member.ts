import type { LocalPublisher } from './publisher';
import type { Subscriber } from './subscriber';

/** A peer as its room knows it. */
export interface RoomMember extends LocalPublisher, Subscriber {
  /** When it came, joined or not. Milliseconds since 1970. */
  readonly openedAtMs: number;
  /** Milliseconds since 1970; undefined before. */
  readonly joinedAtMs: number | undefined;
  readonly succeeded: boolean;
  /** It goes on on another node: what is left of it here ends by itself soon. Idempotent. */
  succeed(): void;
}
