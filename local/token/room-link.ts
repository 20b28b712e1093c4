export interface RoomLinkOptions {
  /** A room's exact id, or a pattern that ends with `*`: the link then names no room, and the page asks for it. */
  room: string;
  token: string;
  /** The peer that the token is bound to, if it is. */
  peer?: string | undefined;
}

/** The address of the room page with all that it needs to enter: see docs/local.md for its parameters. */
export function roomLink(pageUrl: string, { room, token, peer }: RoomLinkOptions): string {
  const url = new URL(pageUrl);
  if (!room.endsWith('*')) url.searchParams.set('room', room);
  url.searchParams.set('token', token);
  if (peer !== undefined) url.searchParams.set('peer', peer);
  return url.toString();
}
