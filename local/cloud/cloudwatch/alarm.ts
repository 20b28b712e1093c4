import type { AlarmState } from '../ports/alarm-action';
import type { AlarmDefinition } from './alarm-definition';
import { evaluateAlarm, evaluationRange, type AlarmVerdict } from './evaluate-alarm';
import type { Points } from './metric-math/math-value';
import type { MetricStore } from './metric-store';
import { QueryEvaluation } from './query-evaluation';
import { gridEndingAt, type TimeGrid } from './time-grid';

/** Alarms with shorter periods are evaluated each 10 s, others each minute (user guide, "Alarm evaluation"). */
const MINUTE_SECONDS = 60;

/** What an evaluation looked at, and what it found. */
export interface AlarmEvaluation {
  grid: TimeGrid;
  points: Points;
  verdict: AlarmVerdict;
  /** The newest point that was looked at. */
  newestValue: number | undefined;
}

/** A metric alarm and the state it is in. */
export class Alarm {
  state: AlarmState = 'INSUFFICIENT_DATA';
  reason = 'Unchecked: Initial alarm creation';
  /** JSON. */
  reasonData: string | undefined;
  actionsEnabled: boolean;
  /** When the state became what it is, milliseconds since 1970. */
  stateSinceMs: number;
  configuredAtMs: number;
  /** When actions were last performed for the state it is in. */
  actedAtMs: number | undefined;

  constructor(
    public definition: AlarmDefinition,
    readonly arn: string,
    nowMs: number,
  ) {
    this.actionsEnabled = definition.input.ActionsEnabled ?? true;
    this.stateSinceMs = nowMs;
    this.configuredAtMs = nowMs;
  }

  get name(): string {
    return this.definition.name;
  }

  /** Whether it is evaluated at this moment, a multiple of 10 s. */
  isDueAt(atMs: number): boolean {
    return atMs === this.lastDueAt(atMs);
  }

  /** The last moment until then at which it was due. */
  lastDueAt(atMs: number): number {
    const everyMs = (this.definition.periodSeconds < MINUTE_SECONDS ? 10 : MINUTE_SECONDS) * 1_000;
    return Math.floor(atMs / everyMs) * everyMs;
  }

  /**
   * Looks at the periods that end now. They move with each evaluation, whatever their length: the window of an alarm is a
   * sliding one, unless it is told to go by the wall clock (API reference, PutMetricAlarm, EvaluationWindow).
   */
  evaluate(store: MetricStore, atMs: number): AlarmEvaluation {
    const { rule } = this.definition;
    const { grid, points } = this.recent(store, atMs, evaluationRange(rule.evaluationPeriods));
    const verdict = evaluateAlarm(rule, points);
    const [newest] = verdict.evaluated;
    return { grid, points, verdict, newestValue: newest === undefined ? undefined : points[newest] };
  }

  /** The values of the last periods that end at a moment. */
  recent(store: MetricStore, endMs: number, count: number): { grid: TimeGrid; points: Points } {
    const { queries, watched, periodSeconds } = this.definition;
    const grid = gridEndingAt(endMs, periodSeconds * 1_000, count);
    const [points = []] = new QueryEvaluation(store, queries, grid).lines(watched);
    return { grid, points };
  }
}
