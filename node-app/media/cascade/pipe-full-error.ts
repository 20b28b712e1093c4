import { FleetError } from '../../../core/errors';
import type { Holder } from '../../../core/cascade/holder-choice';

/** A source sends a stream to as many others as it may. */
export class PipeFullError extends FleetError {
  /** @param holders who gets it from there, and may pass it on */
  constructor(readonly holders: readonly Holder[]) {
    super('FLEET_ERR_PIPE_FULL');
  }
}
