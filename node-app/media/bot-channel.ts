import type { types } from 'mediasoup';

/**
 * mediasoup-demo's clients open a channel `bot` to a talking robot of the demo server. It is accepted, so that
 * they work unchanged, and leads nowhere.
 */
export function isForTheBot(dataProducer: types.DataProducer): boolean {
  return dataProducer.label === 'bot' || dataProducer.appData.channel === 'bot';
}
