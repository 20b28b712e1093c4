import type { ConsoleAlarm } from '../../../core/protocol/console';
import { element } from '../../shared/element';
import { durationText, numberText, timeText } from '../format';
import { KeyedList } from '../keyed-list';
import type { PageModel } from '../page-model';
import { Chip, Panel, setAttribute, setText } from '../page-parts';
import { TimeChart } from '../time-chart';
import { alarmTimes } from './alarm-times';

const COMPARISONS: Readonly<Record<ConsoleAlarm['comparison'], string>> = {
  GreaterThanOrEqualToThreshold: '≥',
  GreaterThanThreshold: '>',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '≤',
};

const STATES = {
  OK: { text: 'OK', tone: 'good' },
  ALARM: { text: 'ALARM', tone: 'warning' },
  INSUFFICIENT_DATA: { text: 'no data', tone: 'neutral' },
} as const;

/** Changes that are told in words; the chart shows all. */
const TOLD_CHANGES = 2;

interface ShownAlarm {
  alarm: ConsoleAlarm;
  nowMs: number;
}

class AlarmRow {
  readonly root: HTMLElement;
  readonly #chip = new Chip();
  readonly #name = element('span', { class: 'alarm-name' });
  readonly #condition = element('span', { class: 'alarm-condition' });
  readonly #about = element('p', { class: 'alarm-about' });
  readonly #history = element('p', { class: 'alarm-history' });
  readonly #chart = new TimeChart({ lines: [{ color: '--accent', width: 1.5 }] });

  constructor({ alarm }: ShownAlarm) {
    this.root = element(
      'li',
      { class: 'alarm', 'data-testid': 'alarm', 'data-name': alarm.name },
      element(
        'div',
        { class: 'alarm-text' },
        element('div', { class: 'alarm-head' }, this.#chip.root, this.#name),
        this.#condition,
        this.#about,
        this.#history,
      ),
      this.#chart.root,
    );
  }

  update({ alarm, nowMs }: ShownAlarm): void {
    const { name, state, sinceMs, threshold, comparison, value, series, description, actions, history } =
      alarm;
    setAttribute(this.root, 'data-state', state);
    this.#chip.show(STATES[state].text, STATES[state].tone);
    setText(this.#name, name);
    setAttribute(this.#name, 'title', name);
    const now = value === undefined ? 'no value' : `now ${numberText(value)}`;
    setText(
      this.#condition,
      `${now}, alarm at ${COMPARISONS[comparison]} ${numberText(threshold)} · for ${durationText(nowMs - sinceMs)}`,
    );
    setText(this.#about, actions.length > 0 ? `${description} → ${actions.join(', ')}` : description);
    setAttribute(this.#about, 'title', this.#about.textContent);
    const told = history
      .slice(0, TOLD_CHANGES)
      .map(({ atMs, state: entered }) => `${timeText(atMs)} ${STATES[entered].text}`);
    setText(this.#history, told.join(' · '));
    this.#history.hidden = told.length === 0;
    this.#chart.update(
      {
        rows: [series.map(([atMs]) => atMs / 1_000), series.map(([, point]) => point)],
        marks: [{ at: threshold, color: '--warn' }],
        shades: alarmTimes(alarm, nowMs).map((time) => ({ ...time, color: '--warn' })),
      },
      `${name}: ${now}`,
    );
  }

  recolor(): void {
    this.#chart.recolor();
  }
}

/** All alarms, those that ring first. */
export class AlarmsPanel {
  readonly root: HTMLElement;
  readonly #panel = new Panel({ name: 'alarms', title: 'Alarms', empty: 'This fleet has no alarms.' });
  readonly #shown = new Set<AlarmRow>();
  readonly #rows: KeyedList<ShownAlarm, AlarmRow>;

  constructor() {
    const list = element('ul', { class: 'list' });
    this.#rows = new KeyedList(list, {
      key: ({ alarm }) => alarm.name,
      create: (item) => {
        const row = new AlarmRow(item);
        this.#shown.add(row);
        return row;
      },
    });
    this.#panel.body.append(list);
    this.root = this.#panel.root;
  }

  update({ state }: PageModel): void {
    const alarms = state?.alarms ?? [];
    this.root.hidden = state !== undefined && state.alarms === undefined;
    const ringing = alarms.filter(({ state: alarmState }) => alarmState === 'ALARM');
    this.#panel.show({
      isEmpty: alarms.length === 0,
      count: ringing.length > 0 ? `${ringing.length} in ALARM` : 'all quiet',
    });
    const nowMs = state?.nowMs ?? 0;
    const quiet = alarms.filter((alarm) => !ringing.includes(alarm));
    this.#rows.update([...ringing, ...quiet].map((alarm) => ({ alarm, nowMs })));
  }

  recolor(): void {
    for (const row of this.#shown) row.recolor();
  }
}
