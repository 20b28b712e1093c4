import { element } from '../../shared/element';
import type { PageModel } from '../page-model';
import { percentText } from '../format';
import { Panel } from '../page-parts';
import { TimeChart } from '../time-chart';

/** How full the pool is over time, and how many nodes it has. */
export class PoolPanel {
  readonly root: HTMLElement;
  readonly #chart = new TimeChart({
    lines: [
      { color: '--accent', filled: true, width: 2.5 },
      { color: '--desired', stepped: true, scale: 'count', width: 1.5 },
      { color: '--nodes', stepped: true, scale: 'count', width: 2 },
    ],
    valueText: percentText,
    atLeast: 1,
  });
  readonly #counts = element('span', { class: 'legend-nodes' });
  readonly #panel: Panel;

  constructor() {
    const legend = element(
      'span',
      { class: 'legend', 'aria-hidden': 'true' },
      element('span', { class: 'key key-utilization' }, 'utilization'),
      this.#counts,
    );
    this.#counts.append(
      element('span', { class: 'key key-nodes' }, 'nodes in service'),
      element('span', { class: 'key key-desired' }, 'desired'),
    );
    this.#panel = new Panel({
      name: 'pool',
      title: 'Pool',
      aside: legend,
      empty: 'Waiting for the first figures.',
    });
    this.#panel.body.append(this.#chart.root);
    this.root = this.#panel.root;
  }

  update({ state, samples }: PageModel): void {
    // One point is no line.
    const isEmpty = state === undefined || samples.length < 2;
    this.#panel.show({ isEmpty });
    if (isEmpty) return;
    const {
      utilization,
      scaleOutUtilization: out,
      scaleInUtilization: back,
      inService,
      desired,
    } = state.pool;
    this.#counts.hidden = inService === undefined && desired === undefined;
    const words = [`Utilization ${percentText(utilization)}`];
    if (out !== undefined) words.push(`the fleet grows at ${percentText(out)}`);
    if (inService !== undefined) words.push(`${inService} nodes in service of ${desired} desired`);
    this.#chart.update(
      {
        rows: [
          samples.map(({ atMs }) => atMs / 1_000),
          samples.map((sample) => sample.utilization),
          samples.map((sample) => sample.desired ?? null),
          samples.map((sample) => sample.inService ?? null),
        ],
        marks: [
          ...(out === undefined ? [] : [{ at: out, color: '--warn', label: `grows at ${percentText(out)}` }]),
          ...(back === undefined
            ? []
            : [{ at: back, color: '--muted', label: `shrinks under ${percentText(back)}`, below: true }]),
        ],
      },
      words.join(', '),
    );
  }

  recolor(): void {
    this.#chart.recolor();
  }
}
