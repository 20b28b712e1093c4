import { parseScalabilityMode, type types } from 'mediasoup';
import type { Lane } from './pipe-signalling';

/**
 * Codecs of which a consumer other than a pipe's picks layers. AV1 and H264's SVC are not among them: the dependency
 * descriptor by which their layers are known is dropped on such a consumer.
 */
const LAYERED_CODECS: Partial<Record<types.ProducerType, ReadonlySet<string>>> = {
  simulcast: new Set(['video/vp8', 'video/h264']),
  svc: new Set(['video/vp8', 'video/vp9']),
};

/** Which lane a producer takes between two routers. */
export function laneOf({ type, rtpParameters }: types.Producer): Lane {
  const mimeType = rtpParameters.codecs[0]?.mimeType.toLowerCase() ?? '';
  if (LAYERED_CODECS[type]?.has(mimeType) !== true) return 'whole';
  // Of K-SVC a consumer gets one layer only, and no other can be made of it for those behind the pipe.
  const { ksvc } = parseScalabilityMode(rtpParameters.encodings?.[0]?.scalabilityMode);
  return type === 'svc' && ksvc ? 'whole' : 'layered';
}
