import type { FleetError } from '../../core/errors';
import type { Room } from './room';
import type { RoomAccount } from './room-account';

/** A room that exists or is being created. */
export interface RoomSlot {
  account: RoomAccount;
  /** Rejects when the room could not be created. */
  created: Promise<Room>;
  /** Set once it is created. */
  room: Room | undefined;
}

/** The node's rooms by id; the second request for a room that is being created waits for the same one. */
export class RoomRegistry {
  readonly #slots = new Map<string, RoomSlot>();

  get size(): number {
    return this.#slots.size;
  }

  /** Rooms that are there. */
  rooms(): Room[] {
    return this.slots()
      .map(({ room }) => room)
      .filter((room) => room !== undefined);
  }

  slots(): RoomSlot[] {
    return Array.from(this.#slots.values());
  }

  find(roomId: string): RoomSlot | undefined {
    return this.#slots.get(roomId);
  }

  add(account: RoomAccount, create: () => Promise<Room>): RoomSlot {
    const slot: RoomSlot = { account, created: create(), room: undefined };
    this.#slots.set(account.roomId, slot);
    slot.created.then(
      (room) => {
        slot.room = room;
      },
      () => this.remove(slot),
    );
    return slot;
  }

  remove(slot: RoomSlot): void {
    if (this.#slots.get(slot.account.roomId) === slot) this.#slots.delete(slot.account.roomId);
  }

  /** Ends a room; false when it isn't here. */
  close(roomId: string, reason: FleetError): boolean {
    const room = this.#slots.get(roomId)?.room;
    room?.close(reason);
    return room !== undefined;
  }
}
