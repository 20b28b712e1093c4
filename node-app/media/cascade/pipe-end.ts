import type { FleetError } from '../../../core/errors';
import type { pipeEnvelopeSchema } from '../../../core/protocol/pipe';
import type { z } from 'zod';

export type PipeEnvelope = z.infer<typeof pipeEnvelopeSchema>;

/** This node's end of a pipe whose other end is on another node. */
export interface PipeEnd {
  /** A message of the other end; only its envelope is known to be right. Never throws. */
  handle(envelope: PipeEnvelope, message: unknown): void;
  /** The other end is gone, or can't be reached any more. Idempotent. */
  lose(error: FleetError): void;
  /** The channel to the other end is back, and messages may have been lost. */
  resynchronize(): void;
}
