import type { PipeDetail } from '../../../core/protocol/room-detail';
import type { PipeSourcePort } from './pipe-signalling';
import type { StreamMeasures } from './stream-measures';

/** What a source sends, and how it fares. */
export interface SourceMeasures extends StreamMeasures {
  producers: PipeDetail['producers'];
}

/** A source of this node. */
export interface MeasuredSource extends PipeSourcePort {
  /** Asks the worker, so it is for who wants to know. Never rejects. */
  measure(): Promise<SourceMeasures>;
}
