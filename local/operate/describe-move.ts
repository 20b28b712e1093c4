/** The answer of `POST /v1/rooms/{roomId}/migrate`. */
export interface RoomMove {
  roomId: string;
  from: string;
  /** Peers that go, one after the other in the next seconds. */
  moving: number;
  /** Peers that can't be moved: their client comes back only where placement sends it. */
  staying: number;
}

export function describeMove({ roomId, from, moving, staying }: RoomMove): string {
  const stay = staying === 0 ? '' : `; ${staying} stay, since their client can not be moved by hand`;
  return `${moving} of ${roomId} leave ${from}${stay}`;
}
