import type { DataPublication } from './publication';

/**
 * mediasoup-demo's clients open a channel `bot` to a talking robot of the demo server. It is accepted, so that
 * they work unchanged, and leads nowhere.
 */
export function isForTheBot({ label, appData }: DataPublication): boolean {
  return label === 'bot' || appData.channel === 'bot';
}
