/** What a peer does in a room, as far as placement needs to know. */
export interface PeerRole {
  /** Sends audio and video. */
  publishes: boolean;
  /** Receives the others. */
  subscribes: boolean;
}
