import type { ConsoleControlInput, ConsoleControlName } from '../../core/protocol/console-controls';
import type { Question } from './ask';

/** Does something to the fleet and says how it went: `done` in words. `question` is asked before. */
export type Act = <N extends ConsoleControlName>(
  name: N,
  payload: ConsoleControlInput<N>,
  done: string,
  question?: Question,
) => void;
