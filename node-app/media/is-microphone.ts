import type { types } from 'mediasoup';

const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';

/**
 * Whether a producer is a microphone that can be ranked with others: the sound of a shared screen always counts as heard,
 * and so does whatever doesn't say how loud it is, since it would be taken for silent.
 */
export function isMicrophone({
  kind,
  appData,
  rtpParameters,
}: Pick<types.Producer, 'kind' | 'appData' | 'rtpParameters'>): boolean {
  if (kind !== 'audio' || appData.share === true) return false;
  return rtpParameters.headerExtensions?.some(({ uri }) => uri === AUDIO_LEVEL_URI) === true;
}
