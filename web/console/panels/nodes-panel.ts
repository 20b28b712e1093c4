import type { ConsoleNode } from '../../../core/protocol/console';
import { element } from '../../shared/element';
import { byName, countText } from '../format';
import { KeyedList } from '../keyed-list';
import type { PageModel } from '../page-model';
import { Panel } from '../page-parts';
import { NodeRow, type NodeAction, type ShownNode } from './node-row';

/** All nodes, and instances that have none yet or no more. */
export class NodesPanel {
  readonly root: HTMLElement;
  readonly #panel = new Panel({
    name: 'nodes',
    title: 'Nodes',
    empty: 'No nodes. As soon as one starts, it is here.',
  });
  readonly #rows: KeyedList<ShownNode, NodeRow>;

  constructor(act: (action: NodeAction, node: ConsoleNode) => void) {
    const body = element('div', { role: 'rowgroup' });
    this.#rows = new KeyedList(body, {
      key: ({ node }) => node.nodeId,
      create: ({ node }) => new NodeRow(node, act),
    });
    const titles = ['Node', 'Egress against the safe ceiling', 'Headroom', 'Rooms', 'Peers'].map(
      (title, index) =>
        element('div', { role: 'columnheader', class: index > 1 ? 'number' : undefined }, title),
    );
    // A grid rather than a table: the controls stand below the figures, where they have the room.
    const table = element(
      'div',
      { role: 'table', 'aria-label': 'Nodes', class: 'nodes' },
      element('div', { role: 'rowgroup' }, element('div', { role: 'row', class: 'nodes-head' }, ...titles)),
      body,
    );
    this.#panel.body.append(table);
    this.root = this.#panel.root;
  }

  update({ state, drains }: PageModel): void {
    const nodes = (state?.nodes ?? []).toSorted((a, b) => byName(a.nodeId, b.nodeId));
    const controls = new Set(state?.controls);
    this.#panel.show({ isEmpty: nodes.length === 0, count: countText(nodes.length, 'node') });
    const nowMs = state?.nowMs ?? 0;
    this.#rows.update(nodes.map((node) => ({ node, drainStart: drains.get(node.nodeId), nowMs, controls })));
  }
}
