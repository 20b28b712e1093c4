import type { Scenario } from './scenario';
import { flashCrowd } from './stories/flash-crowd';
import { ramp } from './stories/ramp';
import { scaleIn } from './stories/scale-in';

/** All that `npm run scenario` knows, in the order of docs/scenarios.md. */
export const SCENARIOS: readonly Scenario[] = [ramp, flashCrowd, scaleIn];
