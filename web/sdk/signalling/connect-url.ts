import type { ConnectQuery } from '../../../core/protocol/fleet-extensions';
import { FleetClientError } from '../errors';

/** The WebSocket URL for `base` (ws, wss, http or https) with `query`. @throws FleetClientError INVALID_ARGUMENT */
export function connectUrl(base: string, query: ConnectQuery): string {
  let url: URL;
  try {
    url = new URL(base);
  } catch (error) {
    throw new FleetClientError('INVALID_ARGUMENT', `not a URL: ${base}`, { cause: error });
  }
  const scheme = { 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' }[url.protocol];
  if (scheme === undefined) {
    throw new FleetClientError('INVALID_ARGUMENT', `not a ws, wss, http or https URL: ${base}`);
  }
  url.protocol = scheme;
  url.hash = '';
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.toString();
}
