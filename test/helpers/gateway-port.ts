import { ERRORS, FleetError, type ErrorCode } from '../../core/errors';
import type { SessionOpened } from '../../core/protocol/fleet-extensions';
import { systemClock } from '../../local/fleet-runner/system-clock';
import { Connection } from '../../local/load/connection';
import { PeerError } from '../../local/load/peer-error';
import { SignallingSession } from '../../local/load/signalling-session';
import type { MediaPort, OpenPeerOptions, SignalledPeer } from '../../node-app/media/media-port';

export interface GatewayPortOptions {
  /** Of the gateway: ws or wss. */
  url: string;
  /** Further parameters of the query, e.g. the token. */
  query?: Record<string, string>;
  /** After a loss it goes on over another connection, as the SDK does, for as long as nobody refuses. @default false */
  resumes?: boolean;
}

const SESSION_GONE = new PeerError('FLEET_ERR_SESSION_GONE', 'another session was opened');

/** Opens peers through a gateway and the network, so that a client of a media node can be one of a whole fleet. */
export class GatewayPort implements MediaPort {
  /** What the server said of the last session. */
  opened: SessionOpened | undefined;

  constructor(private readonly options: GatewayPortOptions) {}

  openPeer({ roomId, peerId, channel }: OpenPeerOptions): Promise<SignalledPeer> {
    const signalling = new SignallingSession({
      clock: systemClock,
      onRequest: (method, data) => channel.request(method, data),
      onNotification: (method, data) => channel.notify(method, data),
    });
    return new Promise((resolve, reject) => {
      const end = (error: PeerError) => {
        channel.close(fleetErrorOf(error));
        reject(error);
      };
      const connect = (more: Record<string, string> = {}): void => {
        const query = new URLSearchParams({ ...this.options.query, roomId, peerId, resume: '1', ...more });
        const isResume = more.resumeToken !== undefined;
        let isOpen = false;
        const connection: Connection = new Connection({
          url: `${this.options.url}/?${query.toString()}`,
          clock: systemClock,
          onOpened: (opened) => {
            [this.opened, isOpen] = [opened, true];
            signalling.attach(connection.socket);
            current = connection;
            if (isResume && !opened.resumed) void connection.close('leave').then(() => end(SESSION_GONE));
            else resolve(peer);
          },
          onFrame: (frame) => signalling.receive(frame),
          onClosed: (error) => {
            signalling.detach(error);
            const { resumeToken } = this.opened ?? {};
            const isLost = error.code === (isOpen ? 'CONNECTION_LOST' : 'TIMEOUT');
            if (this.options.resumes && resumeToken !== undefined && isLost) {
              connect({ resumeToken, lastSeq: String(signalling.lastSeq) });
            } else end(error);
          },
        });
      };
      let current: Connection | undefined;
      const peer: SignalledPeer = {
        handleRequest: (method, data) => signalling.request(method, data),
        handleNotification: (method, data) => {
          signalling.send({ notification: true, method, data });
        },
        close: () => void current?.close('leave'),
      };
      connect();
    });
  }
}

function fleetErrorOf(error: PeerError): FleetError {
  if (!(error.code in ERRORS)) return FleetError.from(error);
  return new FleetError(error.code as ErrorCode, { message: error.message, cause: error });
}
