import type { Generation } from '../../../core/protocol/demo/generation';
import { currentDialect } from './current-dialect';
import type { Dialect } from './dialect';
import { legacyDialect } from './legacy-dialect';
import { undecidedDialect } from './undecided-dialect';

const DIALECTS: Record<Generation, Dialect> = {
  undecided: undecidedDialect,
  legacy: legacyDialect,
  current: currentDialect,
};

export function dialectOf(generation: Generation): Dialect {
  return DIALECTS[generation];
}
