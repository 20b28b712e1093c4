import { ServiceError } from '../wire/service-error';

export interface PageRequest {
  NextToken?: string | undefined;
  MaxRecords?: number | undefined;
}

export interface Page<Item> {
  items: Item[];
  nextToken: string | undefined;
}

export interface PageLimits {
  /** Records of one page when none are asked for. @default 50 */
  usual?: number;
  /** @default 100 */
  most?: number;
}

const PREFIX = 'after:';

/** One page of a list. @throws ServiceError for a token that is none, or more records than a page may have */
export function page<Item>(
  all: readonly Item[],
  { NextToken, MaxRecords }: PageRequest,
  { usual = 50, most = 100 }: PageLimits = {},
): Page<Item> {
  const size = MaxRecords ?? usual;
  if (!Number.isInteger(size) || size < 1 || size > most) {
    throw new ServiceError(
      'ValidationError',
      `1 validation error detected: Value '${size}' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to ${most}`,
    );
  }
  const from = NextToken === undefined ? 0 : offsetOf(NextToken);
  const to = from + size;
  return {
    items: all.slice(from, to),
    nextToken: to < all.length ? Buffer.from(`${PREFIX}${to}`).toString('base64') : undefined,
  };
}

function offsetOf(token: string): number {
  const text = Buffer.from(token, 'base64').toString();
  const offset = text.startsWith(PREFIX) ? Number(text.slice(PREFIX.length)) : Number.NaN;
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new ServiceError('InvalidNextToken', 'The NextToken value is not valid.');
  }
  return offset;
}
