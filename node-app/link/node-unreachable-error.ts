import { FleetError } from '../../core/errors';

export interface NodeUnreachableOptions {
  nodeId: string;
  /** `dead`: nobody listens any more, or somebody else does. `unreachable`: there is no way to tell. */
  evidence: 'dead' | 'unreachable';
  message: string;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A node could not be reached; `evidence` is what placement may conclude from how. */
export class NodeUnreachableError extends FleetError {
  readonly nodeId: string;
  readonly evidence: 'dead' | 'unreachable';

  constructor(options: NodeUnreachableOptions) {
    super('FLEET_ERR_NODE_UNREACHABLE', {
      message: options.message,
      retryAfterMs: options.retryAfterMs,
      cause: options.cause,
    });
    this.nodeId = options.nodeId;
    this.evidence = options.evidence;
  }
}
