import type { RoomPlace } from './room-links-port';

/** A room whose home within this region is this node, as the other regions hear of it. */
export interface RegionRoom {
  roomId: string;
  /** Of the room in this region, at present. */
  epoch(): number;
  /** It is tied to the root that it was told last, which is another region's. */
  isTied(): boolean;
  /** The room's root among the regions is that node now: this one, or the home in another region. */
  onRoot(place: RoomPlace): void;
}

export interface RegionEntry {
  /** What `onRoot` was told last; undefined before. */
  root(): RoomPlace | undefined;
  /** The room has ended here, or has its home on another node. Idempotent. */
  close(): void;
}

/** The other regions of the fleet, as far as a room needs them. */
export interface RegionsPort {
  /** This region. */
  readonly region: string;
  /** Says that the room is held here, until the entry is closed. */
  enter(room: RegionRoom): RegionEntry;
}
