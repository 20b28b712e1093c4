import type { types } from 'mediasoup';
import type { WantedLayers } from '../../../core/cascade/layer-demand';
import type { Clock } from '../../../core/clock';

/** Sends chosen layers of a producer over a pipe's layered lane. */
export interface LayerSender {
  readonly consumers: types.Consumer[];
  /** Of the producer on the other side. */
  readonly rtpParameters: types.RtpParameters;
  /** The spatial layers that the publisher sends: what the other side may ask for. */
  readonly liveLayers: readonly number[];
  /** The spatial layers that are sent now. */
  readonly sentLayers: number[];
  want(wanted: WantedLayers): void;
  /** Idempotent. */
  close(): void;
}

/** What a pulled producer's own source has to do with it. */
export interface Upstream {
  /** Which layers the publisher sends, whether they come as far as here or not. */
  readonly liveLayers: readonly number[];
  want(wanted: WantedLayers): void;
}

export interface LayerSenderOptions {
  producer: types.Producer;
  /** Of a producer that was pulled itself. @default it is the publisher's own */
  upstream?: Upstream | undefined;
  transport: types.PlainTransport;
  routerCapabilities: types.RtpCapabilities;
  clock: Clock;
  onLiveLayers: (layers: readonly number[]) => void;
  /** A call to mediasoup failed; the sender is of no more use. */
  onFailed: (error: unknown) => void;
}

/**
 * Not on a pipe. With the first two a congestion controller of mediasoup's own would throttle the pipe; `mid` would
 * name the consumers of different layers differently; the capture time is nowhere negotiated (see ../capture-time.ts).
 */
const STRIPPED_EXTENSIONS = new Set([
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
]);
const STRIPPED_FEEDBACK = new Set(['transport-cc', 'goog-remb']);

/** What the other side of the lane can take. */
export function pipeCapabilities({
  codecs = [],
  headerExtensions = [],
}: types.RtpCapabilities): types.RtpCapabilities {
  return {
    codecs: codecs.map((codec) => ({
      ...codec,
      rtcpFeedback: codec.rtcpFeedback?.filter(({ type }) => !STRIPPED_FEEDBACK.has(type)) ?? [],
    })),
    headerExtensions: headerExtensions.filter(({ uri }) => !STRIPPED_EXTENSIONS.has(uri)),
  };
}

/** Of the producer on the other side: its encodings are the streams of these consumers, one for each of the producer's. */
export function farParameters(
  producer: types.Producer,
  consumers: readonly types.Consumer[],
): types.RtpParameters {
  const [first] = consumers;
  if (first === undefined) throw new Error('a producer without encodings');
  const { codecs, headerExtensions, rtcp } = first.rtpParameters;
  const encodings = consumers.map((consumer, index) => {
    const [encoding] = consumer.rtpParameters.encodings ?? [];
    const { scalabilityMode, dtx } = producer.rtpParameters.encodings?.[index] ?? {};
    return { ssrc: encoding?.ssrc, rtx: encoding?.rtx, scalabilityMode, dtx };
  });
  return { codecs, headerExtensions, encodings, rtcp };
}
