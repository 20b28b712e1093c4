import type { Clock, Timer } from '../../../core/clock';
import type { CloudIdentity } from '../cloud-identity';
import type { CloudJournal } from '../journal';
import type { AlarmActionTarget, AlarmState } from '../ports/alarm-action';
import type { EventBus } from '../ports/event-bus';
import { Alarm, type AlarmEvaluation } from './alarm';
import type { AlarmDefinition } from './alarm-definition';
import { alarmStateChange, type StateAt } from './alarm-event';
import { AlarmHistory, type AlarmHistoryEntry } from './alarm-history';
import { longTime, stateReason } from './alarm-reason';
import type { AlarmView } from './alarm-view';
import { alarmNotFound } from './cloudwatch-error';
import { ServiceError } from '../wire/service-error';
import type { Points } from './metric-math/math-value';
import type { MetricStore } from './metric-store';
import type { TimeGrid } from './time-grid';

export interface AlarmsOptions {
  clock: Clock;
  store: MetricStore;
  identity: CloudIdentity;
  journal: CloudJournal;
  bus: EventBus;
  /** Asked in order; may be filled after construction. */
  actionTargets: readonly AlarmActionTarget[];
}

/** How often high-resolution alarms are evaluated, milliseconds. */
const TICK_MS = 10_000;

/** Scaling actions are repeated so often while the state lasts (user guide, "Alarm actions"). */
const REPEAT_MS = 60_000;

/** Per region and account (user guide, "Common features of alarms"). */
const MAX_ALARMS = 5_000;

/** Periods that a view shows. */
const VIEW_PERIODS = 60;

/** History entries that a view shows, newest first. */
const VIEW_HISTORY = 20;

/** The metric alarms: evaluates them, and does what they are there for. */
export class Alarms {
  private readonly byName = new Map<string, Alarm>();
  private readonly history = new AlarmHistory();
  private readonly charts = new Map<string, { endMs: number; grid: TimeGrid; points: Points }>();
  private timer: Timer | undefined;
  private lastTickMs = -Infinity;

  constructor(private readonly options: AlarmsOptions) {}

  /** Idempotent. */
  start(): void {
    const { clock } = this.options;
    if (this.timer) return;
    const untilNextMs = TICK_MS - (((clock.nowMs() % TICK_MS) + TICK_MS) % TICK_MS);
    this.timer = clock.setTimer(untilNextMs, () => {
      this.timer = clock.setRepeating(TICK_MS, () => this.tick());
      this.tick();
    });
  }

  /** Idempotent. */
  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** In the order in which they were created. */
  all(): readonly Alarm[] {
    return [...this.byName.values()];
  }

  get(name: string): Alarm | undefined {
    return this.byName.get(name);
  }

  /** A new alarm has no data yet; one that is there keeps its state (API reference, PutMetricAlarm). */
  put(definition: AlarmDefinition): Alarm {
    const { identity, clock } = this.options;
    const known = this.byName.get(definition.name);
    if (known) {
      known.definition = definition;
      known.actionsEnabled = definition.input.ActionsEnabled ?? true;
      known.configuredAtMs = clock.nowMs();
      this.charts.delete(definition.name);
      this.note(known.name, 'ConfigurationUpdate', `Alarm "${known.name}" updated`, { type: 'Update' });
      return known;
    }
    if (this.byName.size >= MAX_ALARMS) {
      throw new ServiceError('LimitExceeded', `The maximum limit of ${MAX_ALARMS} alarms has been reached.`);
    }
    const { partition, region, account } = identity;
    const arn = `arn:${partition}:cloudwatch:${region}:${account}:alarm:${definition.name}`;
    const alarm = new Alarm(definition, arn, clock.nowMs());
    this.byName.set(alarm.name, alarm);
    this.note(alarm.name, 'ConfigurationUpdate', `Alarm "${alarm.name}" created`, { type: 'Create' });
    return alarm;
  }

  /** All or none. @throws ServiceError when one is unknown */
  delete(names: readonly string[]): void {
    for (const name of names) this.known(name);
    for (const name of new Set(names)) {
      this.byName.delete(name);
      this.charts.delete(name);
      this.note(name, 'ConfigurationUpdate', `Alarm "${name}" deleted`, { type: 'Delete' });
    }
  }

  /** By hand, until the next evaluation. @throws ServiceError when the alarm is unknown */
  setState(name: string, state: AlarmState, reason: string, reasonData: string | undefined): void {
    this.change(
      this.known(name),
      { value: state, reason, reasonData, atMs: this.options.clock.nowMs() },
      undefined,
    );
  }

  /** Names that are unknown change nothing (API reference: no error for them). */
  enableActions(names: readonly string[], enabled: boolean): void {
    for (const name of names) {
      const alarm = this.byName.get(name);
      if (alarm) alarm.actionsEnabled = enabled;
    }
  }

  historyOf(name?: string): AlarmHistoryEntry[] {
    return this.history.entries(name);
  }

  /**
   * For the console: definition, state, history, and recent values beside the threshold. Cheap: values are worked out
   * anew only when a period ends.
   */
  view(name: string): AlarmView | undefined {
    const alarm = this.byName.get(name);
    if (!alarm) return undefined;
    const { rule, periodSeconds, input, watched } = alarm.definition;
    const endMs = alarm.lastDueAt(this.options.clock.nowMs());
    let chart = this.charts.get(name);
    if (chart?.endMs !== endMs) {
      chart = { endMs, ...alarm.recent(this.options.store, endMs, VIEW_PERIODS) };
      this.charts.set(name, chart);
    }
    return {
      name,
      description: input.AlarmDescription ?? '',
      label: watched.label ?? watched.id,
      ...rule,
      periodSeconds,
      state: alarm.state,
      reason: alarm.reason,
      stateSinceMs: alarm.stateSinceMs,
      actionsEnabled: alarm.actionsEnabled,
      history: this.history.entries(name).slice(-VIEW_HISTORY).reverse(),
      startMs: chart.grid.startMs,
      values: chart.points,
    };
  }

  private known(name: string): Alarm {
    const alarm = this.byName.get(name);
    if (!alarm) throw alarmNotFound(`Alarm ${name} does not exist`);
    return alarm;
  }

  private tick(): void {
    const atMs = Math.round(this.options.clock.nowMs() / TICK_MS) * TICK_MS;
    if (atMs <= this.lastTickMs) return;
    this.lastTickMs = atMs;
    for (const alarm of this.all()) if (alarm.isDueAt(atMs)) this.evaluate(alarm, atMs);
  }

  private evaluate(alarm: Alarm, atMs: number): void {
    const evaluation = alarm.evaluate(this.options.store, atMs);
    const { verdict, points, grid, newestValue } = evaluation;
    const { state = alarm.state } = verdict;
    if (state !== alarm.state) {
      const reason = stateReason(alarm.definition.rule, { ...verdict, state }, { points, grid });
      const reasonData = JSON.stringify(reasonDataOf(alarm, evaluation, atMs));
      this.change(alarm, { value: state, reason, reasonData, atMs }, newestValue);
    } else if (atMs - (alarm.actedAtMs ?? alarm.stateSinceMs) >= REPEAT_MS) {
      this.act(alarm, alarm.definition.actions[state].filter(isScalingPolicy), {
        previous: state,
        newestValue,
        atMs,
      });
    }
  }

  private change(alarm: Alarm, state: StateAt, newestValue: number | undefined): void {
    const previous: StateAt = {
      value: alarm.state,
      reason: alarm.reason,
      reasonData: alarm.reasonData,
      atMs: alarm.stateSinceMs,
    };
    alarm.reason = state.reason;
    alarm.reasonData = state.reasonData;
    if (state.value === alarm.state) return;
    const { journal, bus } = this.options;
    alarm.state = state.value;
    alarm.stateSinceMs = state.atMs;
    alarm.actedAtMs = undefined;
    this.note(alarm.name, 'StateUpdate', `Alarm updated from ${previous.value} to ${state.value}`, {
      oldState: historyState(previous),
      newState: historyState(state),
    });
    journal.add({
      kind: 'alarm',
      alarmName: alarm.name,
      from: previous.value,
      to: state.value,
      reason: state.reason,
      value: newestValue,
    });
    bus.publish(alarmStateChange(alarm, state, previous));
    this.act(alarm, alarm.definition.actions[state.value], {
      previous: previous.value,
      newestValue,
      atMs: state.atMs,
    });
  }

  private act(
    alarm: Alarm,
    arns: readonly string[],
    { previous, newestValue, atMs }: { previous: AlarmState; newestValue: number | undefined; atMs: number },
  ): void {
    if (!alarm.actionsEnabled) return;
    alarm.actedAtMs = atMs;
    for (const arn of arns) {
      const trigger = {
        alarmName: alarm.name,
        alarmArn: alarm.arn,
        state: alarm.state,
        previousState: previous,
        reason: alarm.reason,
        threshold: alarm.definition.rule.threshold,
        metricValue: newestValue,
        atMs,
      };
      const done = this.options.actionTargets.some((target) => target.perform(arn, trigger));
      // CloudWatch tests no action, and an alarm with one that leads nowhere goes on (user guide, "Alarm actions").
      this.note(
        alarm.name,
        'Action',
        `${done ? 'Successfully executed' : 'Failed to execute'} action ${arn}`,
        {
          actionState: done ? 'Succeeded' : 'Failed',
          notificationResource: arn,
          stateUpdateTimestamp: alarm.stateSinceMs,
        },
      );
    }
  }

  private note(alarmName: string, type: AlarmHistoryEntry['type'], summary: string, data: object): void {
    const atMs = this.options.clock.nowMs();
    this.history.add({ alarmName, atMs, type, summary, data: JSON.stringify({ version: '1.0', ...data }) });
  }
}

function isScalingPolicy(arn: string): boolean {
  return /^arn:[^:]+:autoscaling:[^:]*:[^:]*:scalingPolicy:/.test(arn);
}

function historyState({ value, reason, reasonData }: StateAt) {
  return {
    stateValue: value,
    stateReason: reason,
    ...(reasonData !== undefined && { stateReasonData: JSON.parse(reasonData) as unknown }),
  };
}

/** `StateReasonData`, as notifications and events carry it. Points stand in it from old to new. */
function reasonDataOf(alarm: Alarm, { verdict, points, grid }: AlarmEvaluation, atMs: number) {
  const { rule, periodSeconds, watched } = alarm.definition;
  const looked = verdict.evaluated.flatMap((index) => {
    const value = points[index];
    return value === undefined ? [] : [{ timestamp: longTime(grid.startMs + index * grid.periodMs), value }];
  });
  const oldest = looked.at(-1);
  return {
    version: '1.0',
    queryDate: longTime(atMs),
    ...(oldest && { startDate: oldest.timestamp }),
    ...(watched.kind === 'metric' && { statistic: watched.what.statistic.text }),
    period: periodSeconds,
    recentDatapoints: looked.map(({ value }) => value).reverse(),
    threshold: rule.threshold,
    evaluatedDatapoints: looked,
  };
}
