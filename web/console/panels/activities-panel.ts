import type { ConsoleActivity } from '../../../core/protocol/console';
import { element } from '../../shared/element';
import { durationText, lifecycleText, timeText } from '../format';
import { KeyedList } from '../keyed-list';
import type { PageModel } from '../page-model';
import { Chip, Panel, setAttribute, setText } from '../page-parts';

interface ShownActivity {
  activity: ConsoleActivity;
  nowMs: number;
}

function toneOf(status: string): string {
  if (status === 'Successful') return 'good';
  return /^(Failed|Cancelled)$/.test(status) ? 'bad' : 'busy';
}

class ActivityRow {
  readonly root: HTMLElement;
  readonly #chip = new Chip();
  readonly #description = element('p', { class: 'activity-description' });
  readonly #cause = element('p', { class: 'activity-cause' });
  readonly #time = element('span', { class: 'activity-time' });
  readonly #fill = element('span', { class: 'thin-fill' });
  readonly #bar = element('span', { class: 'thin-bar', 'aria-hidden': 'true' }, this.#fill);

  constructor() {
    this.root = element(
      'li',
      { class: 'activity', 'data-testid': 'activity' },
      element('div', { class: 'activity-head' }, this.#chip.root, this.#time),
      this.#description,
      this.#cause,
      this.#bar,
    );
  }

  update({ activity, nowMs }: ShownActivity): void {
    const { status, description, cause, startedAtMs, endedAtMs, progress } = activity;
    this.#chip.show(lifecycleText(status), toneOf(status));
    setText(this.#description, description);
    setAttribute(this.#description, 'title', description);
    setText(this.#cause, cause);
    setAttribute(this.#cause, 'title', cause);
    setText(this.#time, `${timeText(startedAtMs)} · ${durationText((endedAtMs ?? nowMs) - startedAtMs)}`);
    this.#bar.hidden = endedAtMs !== undefined;
    this.#fill.style.width = `${progress ?? 0}%`;
  }
}

/** What Auto Scaling did and why. */
export class ActivitiesPanel {
  readonly root: HTMLElement;
  readonly #panel = new Panel({
    name: 'activities',
    title: 'Scaling activities',
    empty: 'Nothing was scaled yet. The load decides.',
  });
  readonly #rows: KeyedList<ShownActivity, ActivityRow>;

  constructor() {
    const list = element('ol', { class: 'list' });
    this.#rows = new KeyedList(list, {
      key: ({ activity }) => activity.id,
      create: () => new ActivityRow(),
    });
    this.#panel.body.append(list);
    this.root = this.#panel.root;
  }

  update({ state }: PageModel): void {
    const activities = state?.activities ?? [];
    this.root.hidden = state !== undefined && state.activities === undefined;
    const open = activities.filter(({ endedAtMs }) => endedAtMs === undefined).length;
    this.#panel.show({ isEmpty: activities.length === 0, count: open > 0 ? `${open} under way` : '' });
    const nowMs = state?.nowMs ?? 0;
    this.#rows.update(activities.map((activity) => ({ activity, nowMs })));
  }
}
