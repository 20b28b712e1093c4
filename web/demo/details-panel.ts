import type { FleetClient, FleetStats, RemotePeer, RemoteTrack, TrackStats } from '../sdk';
import { element, iconButton, sparkline } from './dom';
import { bitrateText, millisecondsText } from './format';
import type { LayerChoice } from './layer-choices';
import { sparklinePath } from './sparkline-path';
import { trackOf, TrackRow } from './track-row';

export interface DetailsPanelOptions {
  client: FleetClient;
  layerChoice: (track: RemoteTrack) => LayerChoice;
  onLayerChoice: (peer: RemotePeer, track: RemoteTrack, choice: LayerChoice) => void;
  onCopied: (words: string) => void;
  onClose: () => void;
}

/** How often the numbers are read while the panel is open. */
const REFRESH_MS = 1_000;
/** Points of the two lines, one per refresh. */
const HISTORY = 40;

/** Who serves this call, and how well: nodes, state, totals, and each track's numbers. */
export class DetailsPanel {
  readonly root: HTMLElement;
  readonly #options: DetailsPanelOptions;
  readonly #values = new Map<string, HTMLElement>();
  readonly #tracks = element('div', { class: 'track-groups' });
  readonly #groups = new Map<
    string,
    { root: HTMLElement; title: HTMLElement; rows: Map<string, TrackRow> }
  >();
  readonly #up = sparkline('line-up');
  readonly #down = sparkline('line-down');
  readonly #history: { up: number[]; down: number[] } = { up: [], down: [] };
  #timer: number | undefined;
  #reading = false;

  constructor(options: DetailsPanelOptions) {
    this.#options = options;
    this.root = element(
      'section',
      { class: 'panel details', 'aria-label': 'Connection details', 'data-testid': 'details', hidden: true },
      element(
        'header',
        { class: 'panel-head' },
        element('h2', {}, 'Connection'),
        iconButton({
          icon: 'close',
          label: 'Close details',
          testId: 'details-close',
          onClick: options.onClose,
        }),
      ),
      element(
        'div',
        { class: 'details-body', tabindex: 0, role: 'group', 'aria-label': 'Numbers of this call' },
        element(
          'div',
          { class: 'totals' },
          this.#total('Up', 'send-bitrate', this.#up.svg),
          this.#total('Down', 'receive-bitrate', this.#down.svg),
        ),
        element(
          'dl',
          { class: 'facts' },
          this.#fact('Media node', 'media-node'),
          this.#fact('Gateway', 'gateway-node'),
          this.#fact('State', 'connection-state'),
          this.#fact('Round trip', 'rtt'),
          this.#fact('Path', 'protocol'),
          this.#fact('Uplink estimate', 'available-send'),
          this.#fact('Session', 'session-id', this.#copySession()),
        ),
        this.#tracks,
      ),
    );
  }

  setOpen(open: boolean): void {
    this.root.hidden = !open;
    window.clearInterval(this.#timer);
    this.#timer = undefined;
    if (!open) return;
    void this.#refresh();
    this.#timer = window.setInterval(() => void this.#refresh(), REFRESH_MS);
    this.root.querySelector<HTMLElement>('.details-body')?.focus();
  }

  /** Idempotent. */
  close(): void {
    window.clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      this.#showFacts(undefined);
      const stats = await this.#options.client.getStats();
      this.#showFacts(stats);
      this.#showTracks(stats.tracks);
    } catch {
      // While the connection is being made anew there is nothing to read; the next refresh tries again.
    } finally {
      this.#reading = false;
    }
  }

  #showFacts(stats: FleetStats | undefined): void {
    const { client } = this.#options;
    this.#set('media-node', client.session?.mediaNodeId ?? '–');
    this.#set('gateway-node', client.session?.gatewayNodeId ?? '–');
    this.#set('session-id', client.session?.sessionId ?? '–');
    this.#set('connection-state', client.connectionState);
    if (!stats) return;
    this.#set('rtt', millisecondsText(stats.rttMs));
    this.#set('protocol', stats.protocol?.toUpperCase() ?? '–');
    this.#set('available-send', bitrateText(stats.availableSendBps));
    this.#set('send-bitrate', bitrateText(stats.sendBitrateBps));
    this.#set('receive-bitrate', bitrateText(stats.receiveBitrateBps));
    this.#history.up = [...this.#history.up, stats.sendBitrateBps].slice(-HISTORY);
    this.#history.down = [...this.#history.down, stats.receiveBitrateBps].slice(-HISTORY);
    this.#up.draw(sparklinePath(this.#history.up, HISTORY));
    this.#down.draw(sparklinePath(this.#history.down, HISTORY));
  }

  /** One group per person, own first; rows and groups that are still there are kept. */
  #showTracks(tracks: readonly TrackStats[]): void {
    const { client } = this.#options;
    const seen = new Map<string, Set<string>>();
    const ownFirst = [...tracks].sort(
      (a, b) => Number(b.direction === 'send') - Number(a.direction === 'send'),
    );
    for (const stats of ownFirst) {
      const group = this.#group(stats.peerId);
      const own = stats.direction === 'send';
      group.title.textContent = own ? 'You send' : (client.peer(stats.peerId)?.displayName ?? stats.peerId);
      const key = `${stats.direction}/${stats.source}/${stats.kind}`;
      seen.set(stats.peerId, (seen.get(stats.peerId) ?? new Set()).add(key));
      const known = group.rows.get(key);
      if (known) {
        known.update(stats);
        continue;
      }
      const row = new TrackRow(stats, this.#chooser(stats));
      group.rows.set(key, row);
      group.root.append(row.root);
    }
    for (const [peerId, group] of this.#groups) {
      for (const [key, row] of group.rows) {
        if (seen.get(peerId)?.has(key)) continue;
        row.root.remove();
        group.rows.delete(key);
      }
      if (group.rows.size > 0) continue;
      group.root.remove();
      this.#groups.delete(peerId);
    }
  }

  #chooser(stats: TrackStats) {
    if (stats.direction === 'send' || stats.kind !== 'video') return undefined;
    const { client, layerChoice, onLayerChoice } = this.#options;
    const peer = client.peer(stats.peerId);
    const track = peer && trackOf(peer, stats);
    if (!track) return undefined;
    return {
      choice: layerChoice(track),
      onChoose: (choice: LayerChoice) => {
        // The peer may have published anew since the row was made.
        const now = client.peer(stats.peerId);
        const current = now && trackOf(now, stats);
        if (now && current) onLayerChoice(now, current, choice);
      },
    };
  }

  #group(peerId: string) {
    const known = this.#groups.get(peerId);
    if (known) return known;
    const title = element('h3', {});
    const root = element('section', { class: 'track-group', 'data-peer-id': peerId }, title);
    const group = { root, title, rows: new Map<string, TrackRow>() };
    this.#groups.set(peerId, group);
    this.#tracks.append(root);
    return group;
  }

  #fact(label: string, testId: string, more?: HTMLElement): HTMLElement {
    return element('div', {}, element('dt', {}, label), this.#value('dd', testId), more);
  }

  /** Support asks for it, and it is too long to be read out. */
  #copySession(): HTMLElement {
    return iconButton({
      icon: 'copy',
      label: 'Copy the session id',
      class: 'copy-button',
      testId: 'copy-session',
      onClick: () => void this.#copy(),
    });
  }

  async #copy(): Promise<void> {
    const { client, onCopied } = this.#options;
    const id = client.session?.sessionId ?? '';
    try {
      await navigator.clipboard.writeText(id);
      onCopied('Session id copied');
    } catch {
      onCopied(`The session id: ${id}`);
    }
  }

  #total(label: string, testId: string, line: SVGSVGElement): HTMLElement {
    return element(
      'div',
      { class: 'total' },
      element('span', { class: 'total-label' }, label),
      this.#value('span', testId),
      line,
    );
  }

  #value(tag: 'dd' | 'span', testId: string): HTMLElement {
    const value = element(tag, { class: 'value', 'data-testid': testId }, '–');
    this.#values.set(testId, value);
    return value;
  }

  #set(testId: string, text: string): void {
    const value = this.#values.get(testId);
    if (!value || value.textContent === text) return;
    value.textContent = text;
    // Long ids are cut off.
    value.title = text;
  }
}
