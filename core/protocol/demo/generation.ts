import type { ClientMessageForm, ClientMethod } from './client-messages';

/**
 * Which of mediasoup-demo's two protocols a client speaks. `undecided` until its first telling message; what is
 * sent until then carries the fields of both.
 */
export type Generation = 'undecided' | 'legacy' | 'current';

export interface ObservedMessage {
  form: ClientMessageForm;
  method: ClientMethod;
  /** As received. */
  data: unknown;
}

/**
 * The generation after a message. The first request, getRouterRtpCapabilities, is the same in both; then
 * - getRtcStatsUrl and stopNetworkThrottle exist in the current one only, resetNetworkThrottle in the legacy one;
 * - createWebRtcTransport tells by `appData.direction` (current) or `producing`/`consuming` (legacy);
 * - everything that is accepted in either form tells by it: a notification is current, a request legacy.
 * The first one decides for the life of the peer: a client doesn't change its language.
 */
export function generationAfter(known: Generation, message: ObservedMessage): Generation {
  if (known !== 'undecided') return known;
  if (message.form === 'notification') return 'current';
  switch (message.method) {
    case 'getRtcStatsUrl':
    case 'stopNetworkThrottle':
      return 'current';
    case 'createWebRtcTransport':
      return generationOfTransport(message.data);
    case 'resetNetworkThrottle':
    case 'closeProducer':
    case 'pauseProducer':
    case 'resumeProducer':
    case 'pauseConsumer':
    case 'resumeConsumer':
    case 'setConsumerPreferredLayers':
    case 'setConsumerPriority':
    case 'requestConsumerKeyFrame':
    case 'changeDisplayName':
      return 'legacy';
    default:
      return 'undecided';
  }
}

function generationOfTransport(data: unknown): Generation {
  if (typeof data !== 'object' || data === null) return 'undecided';
  if ('appData' in data && typeof data.appData === 'object' && data.appData !== null) {
    if ('direction' in data.appData && typeof data.appData.direction === 'string') return 'current';
  }
  if ('producing' in data || 'consuming' in data) return 'legacy';
  return 'undecided';
}
