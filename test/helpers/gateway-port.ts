import { ERRORS, FleetError, type ErrorCode } from '../../core/errors';
import type { SessionOpened } from '../../core/protocol/fleet-extensions';
import { systemClock } from '../../local/fleet-runner/system-clock';
import { Connection } from '../../local/load/connection';
import type { PeerError } from '../../local/load/peer-error';
import { SignallingSession } from '../../local/load/signalling-session';
import type { MediaPort, OpenPeerOptions, SignalledPeer } from '../../node-app/media/media-port';

export interface GatewayPortOptions {
  /** Of the gateway: ws or wss. */
  url: string;
  /** Further parameters of the query, e.g. the token. */
  query?: Record<string, string>;
}

/** Opens peers through a gateway and the network, so that a client of a media node can be one of a whole fleet. */
export class GatewayPort implements MediaPort {
  /** What the server said of the last session. */
  opened: SessionOpened | undefined;

  constructor(private readonly options: GatewayPortOptions) {}

  openPeer({ roomId, peerId, channel }: OpenPeerOptions): Promise<SignalledPeer> {
    const query = new URLSearchParams({ ...this.options.query, roomId, peerId, resume: '1' });
    const signalling = new SignallingSession({
      clock: systemClock,
      onRequest: (method, data) => channel.request(method, data),
      onNotification: (method, data) => channel.notify(method, data),
    });
    return new Promise((resolve, reject) => {
      const connection: Connection = new Connection({
        url: `${this.options.url}/?${query.toString()}`,
        clock: systemClock,
        onOpened: (opened) => {
          this.opened = opened;
          signalling.attach(connection.socket);
          resolve({
            handleRequest: (method, data) => signalling.request(method, data),
            handleNotification: (method, data) => {
              signalling.send({ notification: true, method, data });
            },
            close: () => void connection.close('leave'),
          });
        },
        onFrame: (frame) => signalling.receive(frame),
        onClosed: (error) => {
          signalling.detach(error);
          channel.close(fleetErrorOf(error));
          reject(error);
        },
      });
    });
  }
}

function fleetErrorOf(error: PeerError): FleetError {
  if (!(error.code in ERRORS)) return FleetError.from(error);
  return new FleetError(error.code as ErrorCode, { message: error.message, cause: error });
}
