import { FleetError } from '../../core/errors';
import type { Placement } from '../../core/placement/placement-port';

/** First element of every script's answer; `includes/keys.lua` has the same numbers. */
const RESULT = { ok: 0, noCapacity: 1, unavailable: 2, notFound: 3 } as const;

/**
 * The answer's values after its code.
 * @throws FleetError FLEET_ERR_NO_CAPACITY, FLEET_ERR_PLACEMENT_UNAVAILABLE, FLEET_ERR_NOT_FOUND, FLEET_ERR_INTERNAL
 */
export function readScriptResult(answer: unknown): unknown[] {
  if (!Array.isArray(answer)) throw unexpectedAnswer();
  const [code, ...values] = answer as unknown[];
  switch (code) {
    case RESULT.ok:
      return values;
    case RESULT.noCapacity:
      throw new FleetError('FLEET_ERR_NO_CAPACITY', { retryAfterMs: Number(values[0]) });
    case RESULT.unavailable:
      throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE', { retryAfterMs: Number(values[0]) });
    case RESULT.notFound:
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: 'this node holds no part of that room' });
    default:
      throw unexpectedAnswer();
  }
}

/** Bytes of the doubles that placePeer's answer begins with. */
const PLACED_BYTES = 48;

/**
 * The answer of placePeer: a string is a placement, anything else says why there is none.
 * @throws FleetError as {@link readScriptResult}
 */
export function readPlacement(roomId: string, answer: unknown): Placement {
  if (!Buffer.isBuffer(answer)) {
    readScriptResult(answer);
    throw unexpectedAnswer();
  }
  const [list = '', linkAddress = '', nodeId, homeLinkAddress] = answer
    .toString('utf8', PLACED_BYTES)
    .split('\0');
  const nodes = list.split('\n');
  return {
    roomId,
    nodeId: nodeId ?? nodes[0] ?? '',
    linkAddress,
    nodes,
    homeLinkAddress: homeLinkAddress ?? linkAddress,
    epoch: answer.readDoubleLE(0),
    created: answer.readDoubleLE(8) === 1,
    claim: {
      seq: answer.readDoubleLE(16),
      reserved: { egressBps: answer.readDoubleLE(24), packetsPerSecond: answer.readDoubleLE(32) },
      expectedPeers: answer.readDoubleLE(40),
    },
  };
}

function unexpectedAnswer(): FleetError {
  return new FleetError('FLEET_ERR_INTERNAL', { message: 'a placement script gave an unexpected answer' });
}

/** Replies by which Redis says that it can't serve right now, not that the script is wrong. */
const TRANSIENT_REPLY =
  /READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|OOM|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|UNKILLABLE/;

/** What went wrong between us and Redis, as an error of the registry. */
export function placementError(error: unknown, retryAfterMs: number): FleetError {
  if (error instanceof FleetError) return error;
  const isReply = error instanceof Error && error.name === 'ReplyError';
  if (isReply && !TRANSIENT_REPLY.test(error.message)) {
    return new FleetError('FLEET_ERR_INTERNAL', { message: 'a placement script failed', cause: error });
  }
  return new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE', { retryAfterMs, cause: error });
}
