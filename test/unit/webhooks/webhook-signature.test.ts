import {
  WebhookSignatureError,
  type VerifyWebhookOptions,
  signWebhook,
  verifyWebhookSignature,
} from '../../../node-app/webhooks/webhook-signature';

const NOW_MS = 1_800_000_000_000;
const BODY = '{"id":"1","type":"roomStarted"}';
const OLD = 'the-old-secret-of-the-fleet';
const NEW = 'the-new-secret-of-the-fleet';

const sign = (secrets: string[]) => signWebhook({ secrets, nowMs: NOW_MS, body: BODY });

function fault(options: Partial<VerifyWebhookOptions>): string | undefined {
  try {
    verifyWebhookSignature({ header: sign([OLD]), body: BODY, secrets: [OLD], nowMs: NOW_MS, ...options });
    return undefined;
  } catch (error) {
    if (error instanceof WebhookSignatureError) return error.fault;
    throw error;
  }
}

describe('a webhook signature', () => {
  it('is HMAC-SHA256 over the time and the body, as other languages compute it', () => {
    // printf '1800000000.%s' "$BODY" | openssl dgst -sha256 -hmac the-old-secret-of-the-fleet
    expect(sign([OLD])).toBe(
      't=1800000000,v1=4f65b34c3eaba9103d228269ad07091242e4411318d670c48fca588cb756aca9',
    );
  });

  it('is believed over the bytes of the body as over its text', () => {
    expect(fault({})).toBeUndefined();
    expect(fault({ body: Buffer.from(BODY) })).toBeUndefined();
  });

  it('is believed by receivers with either secret while two are rotated', () => {
    const header = sign([OLD, NEW]);
    expect(fault({ header, secrets: [OLD] })).toBeUndefined();
    expect(fault({ header, secrets: [NEW] })).toBeUndefined();
    expect(fault({ header: sign([NEW]), secrets: [OLD, NEW] })).toBeUndefined();
  });

  it('is not believed for another body, secret or time', () => {
    expect(fault({ body: BODY.replace('1', '2') })).toBe('mismatch');
    expect(fault({ secrets: [NEW] })).toBe('mismatch');
    expect(fault({ secrets: [] })).toBe('mismatch');
    expect(fault({ header: sign([OLD]).replace('t=1800000000', 't=1800000001') })).toBe('mismatch');
  });

  it('is not believed after its tolerance, nor long before its time', () => {
    expect(fault({ nowMs: NOW_MS + 300_000 })).toBeUndefined();
    expect(fault({ nowMs: NOW_MS + 300_001 })).toBe('expired');
    expect(fault({ nowMs: NOW_MS - 300_001 })).toBe('expired');
    expect(fault({ nowMs: NOW_MS + 60_000, toleranceMs: 30_000 })).toBe('expired');
  });

  it.each([
    [undefined, 'missing'],
    ['', 'malformed'],
    ['t=1800000000', 'malformed'],
    [`v1=${'0'.repeat(64)}`, 'malformed'],
    ['t=1800000000,v1=00', 'malformed'],
    ['t=1800000000,v1=', 'malformed'],
    [`t=1800000000,t=1800000000,v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=-1,v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=NaN,v1=${'0'.repeat(64)}`, 'malformed'],
    [`t=1800000000,v0=${'0'.repeat(64)}`, 'malformed'],
    [','.repeat(100_000), 'malformed'],
  ])('with the header %.40s is refused', (header, expected) => {
    expect(fault({ header })).toBe(expected);
  });
});
