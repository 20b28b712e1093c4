import { audienceOf, claimCoversRoom, peerClaimsSchema } from '../../core/auth/token-claims';
import { FleetError } from '../../core/errors';
import type { PeerGrants } from '../../core/session/session-port';
import type { KeyRing } from './key-ring';

export interface PeerCredentials {
  roomId: string;
  /** Undefined: the room as such, which a token for any of its peers opens. */
  peerId: string | undefined;
  token?: string | undefined;
}

/** Says what a peer may do, before anything is allocated for it. */
export interface PeerAuthenticator {
  /** @throws FleetError FLEET_ERR_TOKEN_… */
  authenticate(credentials: PeerCredentials): Promise<PeerGrants>;
}

const ALL_GRANTS: PeerGrants = { canPublish: true, canSubscribe: true, canPublishData: true };

/** `FLEET_AUTH=open`: everybody may do everything. The configuration allows it on loopback only. */
export class OpenPeerAuthenticator implements PeerAuthenticator {
  authenticate(): Promise<PeerGrants> {
    return Promise.resolve(ALL_GRANTS);
  }
}

/** `FLEET_AUTH=token`: a JWT for this room, and this peer if it names one. */
export class TokenPeerAuthenticator implements PeerAuthenticator {
  constructor(private readonly keys: KeyRing) {}

  async authenticate({ roomId, peerId, token }: PeerCredentials): Promise<PeerGrants> {
    if (!token) throw new FleetError('FLEET_ERR_TOKEN_MISSING');
    const parsed = peerClaimsSchema.safeParse(await this.keys.verify(token));
    if (!parsed.success) {
      const path = parsed.error.issues[0]?.path.join('.') ?? '';
      throw new FleetError('FLEET_ERR_TOKEN_INVALID', {
        message: `the access token's claim ${path} is not valid`,
      });
    }
    const claims = parsed.data;
    if (audienceOf(claims.aud) !== 'peer') {
      throw new FleetError('FLEET_ERR_TOKEN_INVALID', { message: 'the access token is not for peers' });
    }
    if (!claimCoversRoom(claims.room, roomId)) throw new FleetError('FLEET_ERR_TOKEN_WRONG_ROOM');
    if (claims.peer !== undefined && peerId !== undefined && claims.peer !== peerId)
      throw new FleetError('FLEET_ERR_TOKEN_WRONG_PEER');
    const { canPublish, canSubscribe, canPublishData, lastN, heardSpeakers } = claims;
    const saysOptions = lastN !== undefined || heardSpeakers !== undefined;
    const roomOptions = saysOptions ? { lastN, heardSpeakers } : undefined;
    return { canPublish, canSubscribe, canPublishData, ...(roomOptions && { roomOptions }) };
  }
}
