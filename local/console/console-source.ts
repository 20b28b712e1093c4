import type { ConsoleEvent, ConsoleState } from '../../core/protocol/console';
import type { ConsolePipe } from '../../core/protocol/console-pipes';
import type { ConsoleControl } from '../../core/protocol/console-controls';

/** What the console shows and acts on: the local cloud. */
export interface ConsoleSource {
  /** Asked once a second while somebody looks. @throws when it can't be read right now; the console says so */
  state(): Promise<ConsoleState>;
  /** How the pipes of a room fare now. @throws FleetError FLEET_ERR_NOT_FOUND */
  pipes(roomId: string): Promise<ConsolePipe[]>;
  /** What is kept of the events after a sequence number, oldest first. */
  events(afterSequence: number): readonly ConsoleEvent[];
  /** Calls whenever an event was added, until the function that it gives is called. */
  subscribe(listener: () => void): () => void;
  /**
   * Resolves once it is accepted; what comes of it is seen in the state.
   * @throws FleetError FLEET_ERR_NOT_FOUND: no such node or instance, or a control that this fleet doesn't have
   */
  control(action: ConsoleControl): Promise<void>;
}
