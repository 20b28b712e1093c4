import type { AlarmState } from '../ports/alarm-action';
import type { AlarmHistoryEntry } from './alarm-history';
import type { AlarmRule } from './evaluate-alarm';
import type { Points } from './metric-math/math-value';

/** What a page shows of an alarm. */
export interface AlarmView extends AlarmRule {
  name: string;
  description: string;
  /** Of the values. */
  label: string;
  periodSeconds: number;
  state: AlarmState;
  reason: string;
  /** Milliseconds since 1970. */
  stateSinceMs: number;
  actionsEnabled: boolean;
  /** Newest first. */
  history: readonly AlarmHistoryEntry[];
  /** Beginning of the first of the values' periods, milliseconds since 1970. */
  startMs: number;
  /** One for each period, oldest first; undefined where data is missing. */
  values: Points;
}
