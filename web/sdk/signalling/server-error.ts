import { FleetClientError } from '../errors';

/** The error in protoo's `errorReason` (`CODE: what happened`). A foreign reason gives a code from the status. */
export function serverError(errorCode: number, errorReason: string): FleetClientError {
  const match = /^(FLEET_ERR_[A-Z0-9_]+)(?::\s*(.*))?$/s.exec(errorReason);
  const retriable = errorCode === 429 || errorCode === 503;
  if (match?.[1] !== undefined) {
    return new FleetClientError(match[1], match[2] || match[1], { retriable });
  }
  const code =
    errorCode === 403
      ? 'FLEET_ERR_FORBIDDEN'
      : errorCode === 404
        ? 'FLEET_ERR_NOT_FOUND'
        : errorCode >= 500
          ? 'FLEET_ERR_INTERNAL'
          : 'FLEET_ERR_BAD_REQUEST';
  return new FleetClientError(code, errorReason || `the server answered ${errorCode}`, { retriable });
}
