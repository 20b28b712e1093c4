import type { ConsoleNode } from '../../../core/protocol/console';
import type { ConsoleControlName } from '../../../core/protocol/console-controls';
import { element } from '../../shared/element';
import type { DrainStart } from '../drain-pace';
import { bitrateOfText, bitrateText, cssPercent } from '../format';
import { button, Chip, setAttribute, setText } from '../page-parts';
import { EgressBar } from './egress-bar';
import { drainProgress, drainWords, nodeBadge, nodeFacts } from './node-words';

export interface ShownNode {
  node: ConsoleNode;
  drainStart: DrainStart | undefined;
  nowMs: number;
  controls: ReadonlySet<ConsoleControlName>;
}

export type NodeAction = 'cordon' | 'uncordon' | 'drain' | 'kill-node' | 'interrupt-spot';

const ACTIONS: readonly { action: NodeAction; label: string; danger?: boolean }[] = [
  { action: 'cordon', label: 'Cordon' },
  { action: 'uncordon', label: 'Uncordon' },
  { action: 'drain', label: 'Drain' },
  { action: 'interrupt-spot', label: 'Interrupt', danger: true },
  { action: 'kill-node', label: 'Kill', danger: true },
];

/** One node. */
export class NodeRow {
  readonly root: HTMLElement;
  readonly #name = element('span', { class: 'node-name' });
  readonly #chip = new Chip();
  readonly #facts = element('div', { class: 'node-facts' });
  readonly #bar = new EgressBar();
  readonly #egress = element('div', { class: 'node-egress' });
  readonly #drain = element('div', { class: 'node-drain', hidden: true });
  readonly #drainText = element('span', {});
  readonly #drainFill = element('span', { class: 'thin-fill' });
  readonly #drainBar = element('span', { class: 'thin-bar', 'aria-hidden': 'true' }, this.#drainFill);
  readonly #headroom = element('div', { role: 'cell', class: 'number' });
  readonly #rooms = element('div', { role: 'cell', class: 'number', 'data-testid': 'node-rooms' });
  readonly #peers = element('div', { role: 'cell', class: 'number', 'data-testid': 'node-peers' });
  readonly #actions = element('div', { role: 'cell', class: 'node-actions' });
  readonly #buttons: ReadonlyMap<NodeAction, HTMLButtonElement>;

  constructor(first: ConsoleNode, act: (action: NodeAction, node: ConsoleNode) => void) {
    let current = first;
    this.#onNode = (node) => (current = node);
    this.#buttons = new Map(
      ACTIONS.map(({ action, label, danger }) => [
        action,
        button(label, {
          class: danger ? 'small-button is-danger' : 'small-button',
          testId: `node-${action}`,
          name: `${label} ${first.nodeId}`,
          onClick: () => act(action, current),
        }),
      ]),
    );
    this.#actions.append(...this.#buttons.values());
    this.#drain.append(this.#drainBar, this.#drainText);
    this.root = element(
      'div',
      { role: 'row', class: 'node', 'data-testid': 'node', 'data-node-id': first.nodeId },
      element(
        'div',
        { role: 'rowheader', class: 'node-who' },
        element('div', { class: 'node-title' }, this.#name, this.#chip.root),
        this.#facts,
      ),
      element('div', { role: 'cell', class: 'node-load' }, this.#bar.root, this.#egress, this.#drain),
      this.#headroom,
      this.#rooms,
      this.#peers,
      this.#actions,
    );
  }

  readonly #onNode: (node: ConsoleNode) => void;

  update({ node, drainStart, nowMs, controls }: ShownNode): void {
    this.#onNode(node);
    const badge = nodeBadge(node);
    setAttribute(this.root, 'data-state', node.state ?? 'NONE');
    setText(this.#name, node.nodeId);
    setAttribute(this.#name, 'title', node.nodeId);
    this.#chip.show(badge.text, badge.tone);
    const facts = nodeFacts(node, nowMs);
    setText(this.#facts, facts);
    setAttribute(this.#facts, 'title', facts);
    this.#bar.update(node);
    const speaks = node.state !== undefined;
    setText(
      this.#egress,
      speaks
        ? `${bitrateOfText(node.egressBps, node.safeEgressBps)} · ${bitrateText(node.committedEgressBps)} committed`
        : 'no figures yet',
    );
    const headroomBps = Math.max(0, node.safeEgressBps - Math.max(node.egressBps, node.committedEgressBps));
    setText(this.#headroom, speaks ? bitrateText(headroomBps) : '–');
    setText(this.#rooms, speaks ? String(node.rooms) : '–');
    setText(this.#peers, speaks ? String(node.peers) : '–');
    const words = drainWords(node, drainStart, nowMs);
    this.#drain.hidden = words === undefined;
    setText(this.#drainText, words ?? '');
    this.#drainBar.hidden = node.drain === undefined;
    this.#drainFill.style.width = cssPercent(drainProgress(node, drainStart));
    for (const [action, control] of this.#buttons)
      control.hidden = !controls.has(action) || !makesSense(action, node);
  }
}

function makesSense(action: NodeAction, { state, instance, drain }: ConsoleNode): boolean {
  switch (action) {
    case 'cordon':
      return state === 'SERVING';
    case 'uncordon':
      return state !== undefined && state !== 'SERVING';
    case 'drain':
      return state === 'SERVING' || state === 'CORDONED';
    case 'kill-node':
      return state !== undefined;
    case 'interrupt-spot':
      return instance?.market === 'spot' && drain === undefined && state !== undefined;
  }
}
