import { isRecord } from '../signalling/frames';
import type { DeviceInfo } from '../vocabulary';

export interface PeerDescription {
  peerId: string;
  displayName: string;
  device: DeviceInfo;
}

/** A peer as `join` and `newPeer` describe it, in either generation of the protocol. */
export function peerDescription(value: unknown): PeerDescription | undefined {
  if (!isRecord(value)) return undefined;
  const peerId = value.peerId ?? value.id;
  if (typeof peerId !== 'string') return undefined;
  const device = isRecord(value.device) ? value.device : {};
  return {
    peerId,
    displayName: string(value.displayName) ?? peerId,
    device: { flag: string(device.flag), name: string(device.name), version: string(device.version) },
  };
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
