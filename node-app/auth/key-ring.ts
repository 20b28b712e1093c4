import { createSecretKey, type KeyObject } from 'node:crypto';
import { importSPKI, errors, jwtVerify, type CryptoKey, type JWTPayload } from 'jose';
import { TOKEN_CLOCK_SKEW_SECONDS } from '../../core/auth/token-claims';
import type { TokenKey } from '../../core/auth/token-key';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';

interface LoadedKey {
  alg: TokenKey['alg'];
  key: KeyObject | CryptoKey;
}

/** Keys by id, and the check of a token's signature and times against them. */
export class KeyRing {
  private constructor(
    private readonly keys: ReadonlyMap<string, LoadedKey>,
    private readonly clock: Clock,
  ) {}

  /** @throws FleetError FLEET_ERR_CONFIG naming the key that can't be read (never its content) */
  static async load(keys: readonly TokenKey[], clock: Clock): Promise<KeyRing> {
    const loaded = new Map<string, LoadedKey>();
    for (const key of keys) {
      loaded.set(key.kid, { alg: key.alg, key: await importKey(key) });
    }
    return new KeyRing(loaded, clock);
  }

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  /**
   * The payload of a token whose signature and times hold.
   * @throws FleetError FLEET_ERR_TOKEN_EXPIRED, FLEET_ERR_TOKEN_INVALID
   */
  async verify(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(
        token,
        (header) => {
          const key = header.kid === undefined ? undefined : this.keys.get(header.kid);
          // The algorithm is the key's, never the token's choice.
          if (!key || key.alg !== header.alg) throw new FleetError('FLEET_ERR_TOKEN_INVALID');
          return key.key;
        },
        {
          algorithms: ['HS256', 'EdDSA'],
          requiredClaims: ['exp'],
          clockTolerance: TOKEN_CLOCK_SKEW_SECONDS,
          currentDate: new Date(this.clock.nowMs()),
        },
      );
      return payload;
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new FleetError('FLEET_ERR_TOKEN_EXPIRED', { cause });
      if (cause instanceof FleetError) throw cause;
      throw new FleetError('FLEET_ERR_TOKEN_INVALID', { cause });
    }
  }
}

async function importKey(key: TokenKey): Promise<KeyObject | CryptoKey> {
  if (key.alg === 'HS256') return createSecretKey(key.secret, 'utf8');
  try {
    return await importSPKI(key.publicKey, 'EdDSA');
  } catch {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: `token key ${key.kid}: publicKey is not a PEM (SPKI) Ed25519 public key`,
    });
  }
}
