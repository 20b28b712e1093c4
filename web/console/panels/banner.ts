import { element } from '../../shared/element';
import type { PageModel } from '../page-model';
import { setText } from '../page-parts';

/** Tells across the page that what is seen is old. It floats, so that nothing below it jumps. */
export class Banner {
  readonly root = element('div', { class: 'banner', role: 'alert', hidden: true, 'data-testid': 'banner' });

  update({ connection }: PageModel, nowMs: number): void {
    const words = bannerWords(connection, nowMs);
    this.root.hidden = words === undefined;
    if (words !== undefined) setText(this.root, words);
  }
}

/** The seconds are not told: an alert that changes each second would be read out each second. */
function bannerWords(connection: PageModel['connection'], nowMs: number): string | undefined {
  switch (connection.phase) {
    case 'lost': {
      const soon = connection.retryAtMs - nowMs <= 5_000;
      return `Connection lost: ${connection.message}. What you see is old. Trying again ${soon ? 'in a moment' : 'by itself'}.`;
    }
    case 'trouble':
      return `The fleet can’t be read right now: ${connection.message}`;
    case 'connecting':
    case 'live':
    case 'token':
      return undefined;
  }
}
