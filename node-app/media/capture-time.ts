/**
 * With this header extension negotiated, simulcast consumers never switch spatial layers (mediasoup 3.27.1 with
 * Chromium 156: the capture mapping of the streams stays empty). So nobody gets to negotiate it: neither the
 * capabilities that clients are given nor the parameters that they send carry it.
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
