import { createHmac, timingSafeEqual } from 'node:crypto';

/** The header that carries the signature, in lower case as Node gives it to receivers. */
export const WEBHOOK_SIGNATURE_HEADER = 'fleet-signature';

/** How old a signature may be. Bounds replays, and how far the two clocks may differ. */
const DEFAULT_TOLERANCE_MS = 5 * 60_000;

/**
 * `t=<seconds since 1970>,v1=<hex>[,v1=<hex>]`, each v1 an HMAC-SHA256 over `<t>.<body>` with one of the secrets.
 * With two secrets (rotation) both sign, so that receivers may change theirs at any time in between.
 */
export function signWebhook(options: { secrets: readonly string[]; nowMs: number; body: string }): string {
  const timestamp = String(Math.floor(options.nowMs / 1000));
  const signatures = options.secrets.map(
    (secret) => `v1=${digest(secret, timestamp, options.body).toString('hex')}`,
  );
  return [`t=${timestamp}`, ...signatures].join(',');
}

export type WebhookSignatureFault = 'missing' | 'malformed' | 'expired' | 'mismatch';

/** Why a webhook request must not be believed. Answer it with status 401 and do nothing. */
export class WebhookSignatureError extends Error {
  readonly fault: WebhookSignatureFault;

  constructor(fault: WebhookSignatureFault, message: string) {
    super(message);
    this.name = 'WebhookSignatureError';
    this.fault = fault;
  }
}

export interface VerifyWebhookOptions {
  /** The value of the Fleet-Signature header; undefined when the request had none. */
  header: string | undefined;
  /** The body exactly as it was received, before any JSON parser. */
  body: string | Buffer;
  /** The secrets that may have signed; more than one while they are rotated. */
  secrets: readonly string[];
  /** Milliseconds since 1970, e.g. `Date.now()`. */
  nowMs: number;
  /** How old a signature may be, milliseconds. @default 300000 */
  toleranceMs?: number;
}

/**
 * For receivers: returns when the request comes from the fleet and is fresh. Within the tolerance the same request
 * may come again (a retry, or a replay): drop events whose `id` was seen.
 * @throws WebhookSignatureError
 */
export function verifyWebhookSignature(options: VerifyWebhookOptions): void {
  const { timestamp, signatures } = parseHeader(options.header);
  const ageMs = options.nowMs - Number(timestamp) * 1000;
  if (Math.abs(ageMs) > (options.toleranceMs ?? DEFAULT_TOLERANCE_MS)) {
    throw new WebhookSignatureError('expired', 'the signature is too old, or the clocks differ');
  }
  const expected = options.secrets.map((secret) => digest(secret, timestamp, options.body));
  const matches = signatures.some((given) => expected.some((own) => timingSafeEqual(own, given)));
  if (!matches) throw new WebhookSignatureError('mismatch', 'no signature fits the body and the secrets');
}

/** A header has at most this many signatures: one per valid secret, and room for rotation schemes of others. */
const MAX_SIGNATURES = 8;

function parseHeader(header: string | undefined): { timestamp: string; signatures: Buffer[] } {
  if (header === undefined) throw new WebhookSignatureError('missing', 'there is no Fleet-Signature header');
  const timestamps: string[] = [];
  const signatures: Buffer[] = [];
  for (const part of header.split(',', MAX_SIGNATURES + 1)) {
    const [name, value = ''] = part.trim().split('=', 2);
    if (name === 't' && /^\d{1,12}$/.test(value)) timestamps.push(value);
    if (name === 'v1' && /^[0-9a-f]{64}$/.test(value)) signatures.push(Buffer.from(value, 'hex'));
  }
  const [timestamp, ...more] = timestamps;
  if (timestamp === undefined || more.length > 0 || signatures.length === 0) {
    throw new WebhookSignatureError('malformed', 'the Fleet-Signature header is not t=<seconds>,v1=<hex>');
  }
  return { timestamp, signatures };
}

function digest(secret: string, timestamp: string, body: string | Buffer): Buffer {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
}
