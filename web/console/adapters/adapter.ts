import type { ConsoleEvent, ConsoleState, PoolSample } from '../../../core/protocol/console';
import type { ConsolePipe } from '../../../core/protocol/console-pipes';
import type { ConsoleControlInput, ConsoleControlName } from '../../../core/protocol/console-controls';

/** How the page and its fleet stand. */
export type Connection =
  | { phase: 'connecting' }
  | { phase: 'live' }
  /** There is a server, but it can't read the fleet right now. */
  | { phase: 'trouble'; message: string }
  /** Nobody answers; tried again at that moment of the page's own clock. */
  | { phase: 'lost'; message: string; retryAtMs: number }
  /** An operator's token is needed. `problem`: why the last one was refused. */
  | { phase: 'token'; problem?: string };

/** What an adapter tells the page. */
export type Feed =
  | { kind: 'connection'; connection: Connection }
  | { kind: 'history'; samples: readonly PoolSample[] }
  | { kind: 'state'; state: ConsoleState }
  | { kind: 'entries'; entries: readonly ConsoleEvent[] };

/** Where the page reads: the local fleet's console server, or a node's operator API. */
export interface ConsoleAdapter {
  /** Begins to feed the page. */
  start(): void;
  /** Idempotent. */
  close(): void;
  /** Goes on with this token. Without effect where none is needed. */
  useToken(token: string): void;
  /** How the pipes of a room fare now. @throws Error in words for a person */
  pipes(roomId: string): Promise<ConsolePipe[]>;
  /** @throws Error in words for a person */
  control<N extends ConsoleControlName>(name: N, payload: ConsoleControlInput<N>): Promise<void>;
}
