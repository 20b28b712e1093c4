import type { RemotePeer, RemoteTrack, TrackStats } from '../sdk';
import { element, icon, type IconName } from './dom';
import { bitrateText, millisecondsText, percentText } from './format';
import { isLayerChoice, LAYER_CHOICES, type LayerChoice } from './layer-choices';
import { layersText, pictureText } from './track-words';

export interface LayerChooser {
  choice: LayerChoice;
  onChoose: (choice: LayerChoice) => void;
}

/** One track of the details panel. It is kept and refilled, so that an open layer menu stays open. */
export class TrackRow {
  readonly root: HTMLElement;
  readonly #bitrate = element('span', { class: 'track-bitrate', 'data-testid': 'track-bitrate' });
  readonly #facts = element('dl', { class: 'track-facts' });
  readonly #select: HTMLSelectElement | undefined;

  constructor(stats: TrackStats, chooser: LayerChooser | undefined) {
    this.#select = chooser && layerSelect(chooser);
    this.root = element(
      'div',
      {
        class: 'track-row',
        'data-testid': 'track-row',
        'data-source': stats.source,
        'data-kind': stats.kind,
        'data-direction': stats.direction,
      },
      element(
        'div',
        { class: 'track-head' },
        icon(iconFor(stats)),
        element('span', { class: 'track-title' }, titleFor(stats)),
        this.#select,
        this.#bitrate,
      ),
      this.#facts,
    );
    this.update(stats);
  }

  update(stats: TrackStats): void {
    this.#bitrate.textContent = bitrateText(stats.bitrateBps);
    const facts: [string, string | undefined][] = [
      ['Picture', pictureText(stats)],
      ['Layers', layersText(stats, this.#chosenLabel())],
      ['Loss', percentText(stats.lossRatio)],
      ['Jitter', stats.jitterMs === undefined ? undefined : millisecondsText(stats.jitterMs)],
      ['Pipe', stats.publisherNodeId === undefined ? undefined : `from ${stats.publisherNodeId}`],
      ['Score', stats.score === undefined ? undefined : `${stats.score} of 10`],
    ];
    this.#facts.replaceChildren(
      ...facts.flatMap(([name, value]) => (value === undefined ? [] : [fact(name, value)])),
    );
  }

  #chosenLabel(): string | undefined {
    return this.#select?.selectedOptions[0]?.textContent ?? undefined;
  }
}

/** Which remote track a row of statistics is about. */
export function trackOf(peer: RemotePeer, stats: TrackStats): RemoteTrack | undefined {
  return peer.track(stats.source, stats.kind);
}

/** What the words and numbers mean, for a pointer that rests on them. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  Layers:
    'The same picture is sent in several sizes at once; each person receives the one that fits their window and line.',
  Loss: 'Packets that didn’t arrive. Up to 2 % is hardly noticed.',
  Jitter: 'How unevenly packets arrive. Up to 30 ms is hardly noticed.',
  Pipe: 'The sender is on another server of this room, named here; one copy for everybody on your server comes over.',
  Score:
    'How well it arrives, counted from lost and late packets: 10 is flawless, under 7 is noticed, 0 is nothing.',
};

function fact(name: string, value: string): HTMLElement {
  return element(
    'div',
    { 'data-testid': `track-${name.toLowerCase()}`, title: EXPLANATIONS[name] },
    element('dt', {}, name),
    element('dd', {}, value),
  );
}

function layerSelect(chooser: LayerChooser): HTMLSelectElement {
  const select = element(
    'select',
    {
      class: 'layer-select',
      'aria-label': 'Picture size to receive',
      title: 'Picture size to receive',
      'data-testid': 'layer-select',
    },
    ...LAYER_CHOICES.map(({ choice, label }) => element('option', { value: choice }, label)),
  );
  select.value = chooser.choice;
  select.addEventListener('change', () => {
    if (isLayerChoice(select.value)) chooser.onChoose(select.value);
  });
  return select;
}

function iconFor(stats: TrackStats): IconName {
  if (stats.kind === 'audio') return stats.source === 'screen' ? 'sound' : 'mic';
  return stats.source === 'screen' ? 'screen' : 'camera';
}

function titleFor(stats: TrackStats): string {
  if (stats.source === 'screen') return stats.kind === 'audio' ? 'Screen sound' : 'Screen';
  if (stats.source === 'custom') return stats.kind === 'audio' ? 'Sound' : 'Video';
  return stats.source === 'camera' ? 'Camera' : 'Microphone';
}
