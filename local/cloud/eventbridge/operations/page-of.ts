import { ServiceError } from '../../wire/service-error';

/** One page of a list. @throws ServiceError for a token that was not given out */
export function pageOf<T>(
  items: readonly T[],
  limit = 100,
  token?: string,
): { items: T[]; NextToken: string | undefined } {
  const from = token === undefined ? 0 : Number(Buffer.from(token, 'base64').toString());
  if (!Number.isInteger(from) || from < 0 || limit < 1 || limit > 100) {
    throw new ServiceError('ValidationException', 'Parameter NextToken or Limit is not valid.');
  }
  const end = from + limit;
  const NextToken = end < items.length ? Buffer.from(String(end)).toString('base64') : undefined;
  return { items: items.slice(from, end), NextToken };
}
