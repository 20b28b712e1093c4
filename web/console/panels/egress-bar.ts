import type { ConsoleNode } from '../../../core/protocol/console';
import { element } from '../../shared/element';
import { bitrateText, cssPercent, percentText } from '../format';
import { setAttribute } from '../page-parts';

/** The bar goes on after the safe ceiling: a node may send more than is safe. */
const BAR_CEILING = 0.87;

/** Egress against the safe ceiling, and what is committed. */
export class EgressBar {
  readonly root: HTMLElement;
  readonly #fill = element('span', { class: 'bar-fill' });
  readonly #committed = element('span', {
    class: 'bar-committed',
    title: 'Committed: what placements have reserved',
  });

  constructor() {
    const ceiling = element('span', { class: 'bar-ceiling', title: 'The safe ceiling' });
    ceiling.style.left = cssPercent(BAR_CEILING);
    this.root = element(
      'div',
      {
        class: 'bar',
        role: 'meter',
        'aria-label': 'Egress of the safe ceiling',
        'aria-valuemin': 0,
        'aria-valuemax': 100,
      },
      this.#fill,
      this.#committed,
      ceiling,
    );
  }

  update({ egressBps, committedEgressBps, safeEgressBps }: ConsoleNode): void {
    const shareOf = (bps: number) => (safeEgressBps > 0 ? bps / safeEgressBps : 0);
    const share = shareOf(egressBps);
    this.#fill.style.width = cssPercent(Math.min(1, share * BAR_CEILING));
    this.#committed.style.left = cssPercent(Math.min(1, shareOf(committedEgressBps) * BAR_CEILING));
    this.#committed.hidden = committedEgressBps <= 0;
    setAttribute(this.root, 'data-tone', share >= 1 ? 'bad' : share >= 0.65 ? 'warning' : 'good');
    setAttribute(this.root, 'aria-valuenow', String(Math.min(100, Math.round(share * 100))));
    setAttribute(this.root, 'aria-valuetext', `${percentText(share)} of ${bitrateText(safeEgressBps)}`);
  }
}
