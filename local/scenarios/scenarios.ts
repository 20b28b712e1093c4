import type { Scenario } from './scenario';
import { brokenTerminationPolicy } from './stories/broken-termination-policy';
import { flashCrowd } from './stories/flash-crowd';
import { lostEvent } from './stories/lost-event';
import { missingMetrics } from './stories/missing-metrics';
import { newRelease } from './stories/new-release';
import { ramp } from './stories/ramp';
import { scaleIn } from './stories/scale-in';
import { spot } from './stories/spot';

/** All that `npm run scenario` knows, in the order of docs/scenarios.md. */
export const SCENARIOS: readonly Scenario[] = [
  ramp,
  flashCrowd,
  scaleIn,
  missingMetrics,
  lostEvent,
  newRelease,
  spot,
  brokenTerminationPolicy,
];
