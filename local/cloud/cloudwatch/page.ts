/** Part of a list, and the token of the next one. */
export interface Page<Item> {
  items: Item[];
  nextToken: string | undefined;
}

/** @param refuse makes the error for a token that none gave out */
export function pageOf<Item>(
  all: readonly Item[],
  { size, token, refuse }: { size: number; token: string | undefined; refuse: () => Error },
): Page<Item> {
  const from = token === undefined ? 0 : positionOf(token, refuse);
  const to = from + size;
  return { items: all.slice(from, to), nextToken: to < all.length ? tokenOf(to) : undefined };
}

export function tokenOf(position: number): string {
  return Buffer.from(`from:${position}`).toString('base64url');
}

export function positionOf(token: string, refuse: () => Error): number {
  const [, position] = /^from:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (position === undefined) throw refuse();
  return Number(position);
}
