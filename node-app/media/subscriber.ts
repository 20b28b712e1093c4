import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { PeerGrants } from '../../core/session/session-port';
import type { Dialect, ServerNotification } from './dialects/dialect';
import type { PeerEntities } from './peer-entities';
import type { ReceivingSlots } from './receiving-slots';
import type { RoomRouter } from './room-router';

/** Who is offered what the others of a room send. */
export interface Subscriber {
  readonly peerId: string;
  readonly entities: PeerEntities;
  /** The router at which it sits. */
  readonly roomRouter: RoomRouter;
  readonly grants: PeerGrants;
  /** It has said what it can receive, and hears of the others, whether they know of it or not. */
  readonly listening: boolean;
  /** The places that it had before it migrated; undefined: it has none to keep. */
  readonly slots: ReceivingSlots | undefined;
  readonly closed: boolean;
  /** What it can receive; undefined: it doesn't want to, may not, or has not joined. */
  readonly rtpCapabilities: types.RtpCapabilities | undefined;
  readonly dialect: Dialect;
  readonly logger: Logger;
  notify(method: string, data: object): void;
  tell(...notifications: readonly ServerNotification[]): void;
  /** @throws FleetError when the client refuses or the session ends */
  request(method: string, data: unknown): Promise<void>;
}
