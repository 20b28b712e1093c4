/** A data channel that this client opened. Its messages reach all other peers of the room. */
export declare class DataChannel {
  readonly label: string;
  get open(): boolean;
  /** @throws FleetClientError NOT_CONNECTED, BAD_MESSAGE (over 64 KiB) */
  send(data: string | ArrayBuffer | Uint8Array): void;
  /** Idempotent. */
  close(): void;
}
