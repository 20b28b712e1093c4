import type { types } from 'mediasoup';
import type { Lane } from './pipe-signalling';

/** AV1 is not among them: its dependency descriptor is dropped on all but pipe consumers. */
const LAYERED_CODECS = new Set(['video/vp8', 'video/h264']);

/** Which lane a producer takes between two routers. */
export function laneOf(producer: types.Producer): Lane {
  const [codec] = producer.rtpParameters.codecs;
  const isLayered = producer.type === 'simulcast' && LAYERED_CODECS.has(codec?.mimeType.toLowerCase() ?? '');
  return isLayered ? 'layered' : 'whole';
}
