import { element } from '../../shared/element';
import { bitrateText, percentText } from '../format';
import type { PageModel } from '../page-model';
import { setText } from '../page-parts';

/** One large figure with its name. */
class Figure {
  readonly root: HTMLElement;
  readonly #value: HTMLElement;
  readonly #more = element('span', { class: 'figure-more' });

  constructor(testId: string, name: string) {
    this.#value = element('span', { class: 'figure-value', 'data-testid': `figure-${testId}` }, '–');
    this.root = element(
      'div',
      { class: 'figure' },
      element('dt', {}, name, ' ', this.#more),
      element('dd', {}, this.#value),
    );
  }

  show(value: string, more = '', tone = 'neutral'): void {
    setText(this.#value, value);
    setText(this.#more, more);
    this.#value.dataset.tone = tone;
  }
}

/** What is read from the last row of a hall. */
export class Figures {
  readonly root: HTMLElement;
  readonly #utilization = new Figure('utilization', 'Utilization');
  readonly #egress = new Figure('egress', 'Egress');
  readonly #headroom = new Figure('headroom', 'Headroom');
  readonly #nodes = new Figure('nodes', 'Nodes');
  readonly #rooms = new Figure('rooms', 'Rooms');
  readonly #peers = new Figure('peers', 'Peers');
  readonly #alarms = new Figure('alarms', 'Alarms');

  constructor() {
    const all = [
      this.#utilization,
      this.#egress,
      this.#headroom,
      this.#nodes,
      this.#rooms,
      this.#peers,
      this.#alarms,
    ];
    this.root = element('dl', { class: 'figures' }, ...all.map(({ root }) => root));
  }

  update({ state }: PageModel): void {
    if (!state) return;
    const { pool, nodes, rooms, alarms } = state;
    const serving = nodes.filter(({ state: nodeState, alive }) => alive && nodeState === 'SERVING').length;
    const busy = pool.utilization >= (pool.scaleOutUtilization ?? 1);
    this.#utilization.show(percentText(pool.utilization), '', busy ? 'warning' : 'neutral');
    this.#egress.show(bitrateText(pool.egressBps), `of ${bitrateText(pool.safeEgressBps)}`);
    this.#headroom.show(bitrateText(pool.headroomBps), '', pool.headroomBps === 0 ? 'bad' : 'neutral');
    const others = nodes.length - serving;
    this.#nodes.show(
      String(serving),
      pool.desired === undefined
        ? others > 0
          ? `and ${others} not serving`
          : 'serving'
        : `of ${pool.desired} desired`,
    );
    this.#rooms.show(String(rooms.total));
    this.#peers.show(String(nodes.reduce((sum, { peers }) => sum + peers, 0)));
    this.#alarms.root.hidden = alarms === undefined;
    const ringing = alarms?.filter(({ state: alarmState }) => alarmState === 'ALARM') ?? [];
    this.#alarms.show(
      String(ringing.length),
      `of ${alarms?.length ?? 0}`,
      ringing.length > 0 ? 'warning' : 'neutral',
    );
  }
}
