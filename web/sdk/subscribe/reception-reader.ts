/** How a receiver plays what comes, from WebRTC's statistics. */
export interface ReceptionReading {
  /** From a packet's arrival to its picture or sound being taken out of the jitter buffer, on average, milliseconds. */
  delayMs: number | undefined;
  /** From one picture to the next, milliseconds; undefined for sound. */
  pictureMs: number | undefined;
}

/** What is read of an `inbound-rtp` entry: seconds, and samples or pictures. */
interface InboundEntry {
  type: string;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  framesPerSecond?: number;
}

/** Reads a receiver again and again. */
export class ReceptionReader {
  readonly #receiver: RTCRtpReceiver | undefined;
  #before: InboundEntry | undefined;

  constructor(receiver: RTCRtpReceiver | undefined) {
    this.#receiver = receiver;
  }

  /** Since the reading before; with the first one, since the stream began. */
  async read(): Promise<ReceptionReading> {
    const report = await this.#receiver?.getStats().catch(() => undefined);
    const now = ([...(report?.values() ?? [])] as InboundEntry[]).find(({ type }) => type === 'inbound-rtp');
    const since = (of: 'jitterBufferDelay' | 'jitterBufferEmittedCount') =>
      (now?.[of] ?? 0) - (this.#before?.[of] ?? 0);
    const emitted = since('jitterBufferEmittedCount');
    const delayMs = emitted > 0 ? (since('jitterBufferDelay') / emitted) * 1_000 : undefined;
    this.#before = now;
    const rate = now?.framesPerSecond;
    return { delayMs, pictureMs: rate ? 1_000 / rate : undefined };
  }
}
