import { textTable } from './text-table';

/** What is printed of `GET /v1/rooms`. */
export interface RoomList {
  rooms: { roomId: string; nodes: string[]; peers: number }[];
  /** There are more. */
  cursor?: string;
}

export function roomTable({ rooms, cursor }: RoomList): string {
  if (rooms.length === 0) return 'no rooms';
  const table = textTable([
    ['ROOM', 'PEERS', 'NODES, HOME FIRST'],
    ...rooms.map(({ roomId, nodes, peers }) => [roomId, String(peers), nodes.join(' ')]),
  ]);
  return cursor === undefined ? table : `${table}\nand more: GET /v1/rooms?cursor=…`;
}
