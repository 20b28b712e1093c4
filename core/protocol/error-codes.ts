/** The error codes that a browser can see, without the rest of the registry. */
export type { ErrorCode } from '../errors';
