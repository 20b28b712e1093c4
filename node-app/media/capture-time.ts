/**
 * With this header extension negotiated, simulcast consumers never switch spatial layers (mediasoup 3.27.1 with
 * Chromium 156: the capture mapping of the streams stays empty). So nobody gets to negotiate it: neither the
 * capabilities that clients are given nor the parameters that they send carry it. Held by 'the upper simulcast layers
 * are reached, and switch when asked' in test/e2e/room.test.ts, with a real Chromium: it fails at the lowest layer when
 * this function lets the extension through.
 */
const ABS_CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';

export function withoutCaptureTime<T extends { headerExtensions?: { uri: string }[] | undefined }>(
  parameters: T,
): T {
  if (parameters.headerExtensions === undefined) return parameters;
  return {
    ...parameters,
    headerExtensions: parameters.headerExtensions.filter((extension) => extension.uri !== ABS_CAPTURE_TIME),
  };
}
