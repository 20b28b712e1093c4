import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { LinkKey, LinkKeys } from './link-secrets';

/** The header in which a node proves that it belongs to the fleet, before it gets anywhere near a link. */
export const TUNNEL_PROOF_HEADER = 'x-fleet-proof';

/** Clocks of two regions may differ by so much, in either direction, milliseconds. */
const MAX_SKEW_MS = 15 * 60_000;
/** Proofs that are remembered. Only nodes can make one, so that this many within the half hour is nobody's attack. */
const MAX_REMEMBERED = 100_000;

const PROOF = /^1\.([0-9a-f]{24})\.(\d{1,16})\.([\w-]{16,64})\.([\w-]{43})$/;

/** `1.<which secret>.<milliseconds since 1970>.<nonce>.<HMAC of all that and the path>` */
export function createTunnelProof(key: LinkKey, path: string, nowMs: number): string {
  const signed = `1.${key.identity}.${Math.floor(nowMs)}.${randomBytes(18).toString('base64url')}`;
  return `${signed}.${macOf(key, signed, path).toString('base64url')}`;
}

/**
 * Judges proofs, each of which counts once. That holds for this node: another node of the region does not know which
 * ones were used here. Whoever replays one there gets as far as the TLS handshake, which needs the secret.
 */
export class TunnelProofs {
  /** Nonce → until when to keep it. In the order in which they came. */
  readonly #used = new Map<string, number>();

  constructor(private readonly options: { keys: LinkKeys; clock: Clock }) {}

  /** @throws FleetError FLEET_ERR_LINK_REFUSED */
  check(proof: unknown, path: string): void {
    const match = typeof proof === 'string' ? PROOF.exec(proof) : null;
    const [whole, identity = '', timeText = '', nonce = '', mac = ''] = match ?? [];
    if (whole === undefined) throw refused('there is no proof of belonging to the fleet');
    const key = this.options.keys.find(identity);
    if (key === undefined) throw refused('the link secret is another one');
    const signed = whole.slice(0, -mac.length - 1);
    if (!timingSafeEqual(macOf(key, signed, path), Buffer.from(mac, 'base64url'))) {
      throw refused('the proof is forged, or for another path');
    }
    const { clock } = this.options;
    const skewMs = Number(timeText) - clock.nowMs();
    if (Math.abs(skewMs) > MAX_SKEW_MS) {
      throw refused(`the proof's clock differs by ${Math.round(skewMs / 1_000)} s`);
    }
    this.#forgetOld();
    if (this.#used.has(nonce)) throw refused('the proof was used before');
    this.#used.set(nonce, clock.monotonicMs() + 2 * MAX_SKEW_MS);
  }

  #forgetOld(): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const [nonce, untilMs] of this.#used) {
      if (untilMs > nowMs && this.#used.size < MAX_REMEMBERED) return;
      this.#used.delete(nonce);
    }
  }
}

function macOf(key: LinkKey, signed: string, path: string): Buffer {
  return createHmac('sha256', key.proofKey).update(`${signed}\n${path}`).digest();
}

function refused(message: string): FleetError {
  return new FleetError('FLEET_ERR_LINK_REFUSED', { message });
}
