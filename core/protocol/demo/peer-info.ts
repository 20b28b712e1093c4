import { z } from 'zod';

/** What a client says of the device it runs on. Shown to the others; it decides nothing. */
export const deviceSchema = z
  .object({
    flag: z.string().max(100).nullish(),
    name: z.string().max(100).nullish(),
    version: z
      .union([z.string().max(100), z.number()])
      .nullish()
      .transform((version) => (version === null || version === undefined ? undefined : String(version))),
  })
  .nullish()
  .transform((device) => ({
    flag: device?.flag ?? 'unknown',
    name: device?.name ?? 'Unknown device',
    version: device?.version,
  }));

export const displayNameSchema = z.string().max(256);

export const peerIdSchema = z.string().min(1).max(256);

export type Device = z.infer<typeof deviceSchema>;

/** A joined peer or broadcaster as the others see it. */
export interface PeerInfo {
  peerId: string;
  displayName: string;
  device: Device;
  /** Empty unless the deployment shows addresses: participants' addresses are their own business. */
  remoteAddress: string;
}
