import { hkdfSync } from 'node:crypto';

/** What is derived of a shared secret. The identity names the secret on the wire without telling it. */
export interface LinkKey {
  identity: string;
  /** What TLS-PSK proves. */
  psk: Buffer;
  /** What the proofs of tunnels are made with; apart from `psk`, so that neither says anything about the other. */
  proofKey: Buffer;
}

const SALT = 'mediasoup-fleet link';

export function deriveLinkKey(secret: string): LinkKey {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, SALT, purpose, bytes));
  return {
    identity: derive('psk identity v1', 12).toString('hex'),
    psk: derive('psk v1', 32),
    proofKey: derive('tunnel proof v1', 32),
  };
}

/** The keys of a node: it dials with the first, and accepts all of them while a secret is rotated. */
export class LinkKeys {
  readonly dial: LinkKey;
  private readonly byIdentity: ReadonlyMap<string, LinkKey>;

  constructor(secrets: readonly string[]) {
    const keys = secrets.map(deriveLinkKey);
    const [first] = keys;
    if (!first) throw new RangeError('at least one link secret is needed');
    this.dial = first;
    this.byIdentity = new Map(keys.map((key) => [key.identity, key]));
  }

  find(identity: string): LinkKey | undefined {
    return this.byIdentity.get(identity);
  }
}
