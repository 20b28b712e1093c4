import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import { MAX_JSON_NESTING, nestsDeeperThan } from '../../core/protocol/json-nesting';
import { protooMessageSchema, type ProtooError, type ProtooMessage } from '../../core/protocol/protoo';
import { TokenBucket } from '../../core/session/token-bucket';

export interface InboundLimits {
  /** Bytes of one message. */
  maxMessageBytes: number;
  messagesPerSecond: number;
  /** Messages that may come at once. */
  messagesBurst: number;
}

/** A message costs one unit of the rate limit, and one more for each of these, bytes. */
const BYTES_PER_UNIT = 16 * 1024;

export type InboundVerdict =
  | { kind: 'message'; message: ProtooMessage }
  /** Refused with an answer. */
  | { kind: 'answer'; message: ProtooError }
  | { kind: 'drop' }
  | { kind: 'close'; error: FleetError };

/**
 * Judges what a client sends before anything else sees it. A request that is too fast or not valid is answered
 * with an error; who goes on regardless, or does not speak the protocol at all, is closed.
 */
export class InboundGuard {
  private readonly rate: TokenBucket;
  private readonly patience: TokenBucket;
  /** Answers that the client owes: they come in bursts that we cause ourselves, so they are free. */
  private expectedResponses = 0;

  constructor(
    private readonly limits: InboundLimits,
    private readonly clock: Clock,
  ) {
    const { messagesPerSecond, messagesBurst } = limits;
    const options = { perSecond: messagesPerSecond, burst: messagesBurst };
    this.rate = new TokenBucket(options, clock.monotonicMs());
    this.patience = new TokenBucket(options, clock.monotonicMs());
  }

  /** A request was sent to the client. */
  expectResponse(): void {
    this.expectedResponses += 1;
  }

  /** What was sent before is answered no more. */
  expectNoResponses(): void {
    this.expectedResponses = 0;
  }

  check(data: Buffer, isBinary: boolean): InboundVerdict {
    if (data.length > this.limits.maxMessageBytes) return closing('FLEET_ERR_MESSAGE_TOO_LARGE');
    if (isBinary) return closing('FLEET_ERR_BAD_MESSAGE', 'binary messages are not part of the protocol');
    if (nestsDeeperThan(data, MAX_JSON_NESTING)) {
      return closing('FLEET_ERR_BAD_MESSAGE', `more than ${MAX_JSON_NESTING} levels of JSON`);
    }
    let raw: unknown;
    try {
      raw = JSON.parse(data.toString('utf8'));
    } catch {
      return closing('FLEET_ERR_BAD_MESSAGE', 'the message is not JSON');
    }
    const parsed = protooMessageSchema.safeParse(raw);
    const message = parsed.success ? parsed.data : undefined;
    if (!this.withinRate(message, data.length))
      return this.outOf(raw, new FleetError('FLEET_ERR_RATE_LIMITED'));
    if (message) return { kind: 'message', message };
    const where = parsed.error?.issues[0]?.path.join('.') ?? '';
    return this.outOf(
      raw,
      new FleetError('FLEET_ERR_BAD_MESSAGE', { message: `not a protoo message ${where}`.trimEnd() }),
    );
  }

  private withinRate(message: ProtooMessage | undefined, bytes: number): boolean {
    if (message && 'response' in message && this.expectedResponses > 0) {
      this.expectedResponses -= 1;
      return true;
    }
    return this.rate.take(1 + Math.floor(bytes / BYTES_PER_UNIT), this.clock.monotonicMs());
  }

  /** An error answer when there is a request to answer, silence otherwise, the end when it goes on and on. */
  private outOf(raw: unknown, error: FleetError): InboundVerdict {
    if (!this.patience.take(1, this.clock.monotonicMs())) return { kind: 'close', error };
    const id = requestIdOf(raw);
    if (id === undefined) return { kind: 'drop' };
    const errorReason = `${error.code}: ${error.message}`;
    return {
      kind: 'answer',
      message: { response: true, id, ok: false, errorCode: error.status, errorReason },
    };
  }
}

function closing(
  code: 'FLEET_ERR_MESSAGE_TOO_LARGE' | 'FLEET_ERR_BAD_MESSAGE',
  message?: string,
): InboundVerdict {
  return { kind: 'close', error: new FleetError(code, { message }) };
}

function requestIdOf(raw: unknown): number | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { request, id } = raw as { request?: unknown; id?: unknown };
  return request === true && typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}
