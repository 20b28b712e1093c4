import { element, icon, iconButton } from './dom';
import { hueOf, initials } from './format';
import type { Rect } from './stage-layout';

/** What a tile can show: a local or a remote track of the SDK. */
export interface Showable {
  attach(element: HTMLMediaElement, options?: { adaptive?: boolean }): () => void;
}

export interface TileOptions {
  /** Unique in the room; a person and their shared screen are two tiles. */
  id: string;
  peerId: string;
  name: string;
  kind: 'person' | 'screen';
  /** This client's own: a person's picture is then mirrored. */
  own: boolean;
  onPin: (id: string) => void;
}

/** One picture in the room, or the initials of somebody who sends none. */
export class Tile {
  readonly id: string;
  readonly kind: 'person' | 'screen';
  readonly own: boolean;
  readonly root: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #avatar = element('span', { class: 'avatar', 'aria-hidden': 'true' });
  readonly #nameText = element('span', { class: 'tile-name', 'data-testid': 'tile-name' });
  readonly #mutedMark = element(
    'span',
    { class: 'tile-muted', role: 'img', 'aria-label': 'Microphone off', 'data-testid': 'tile-muted' },
    icon('mic-off'),
  );
  readonly #pinButton: HTMLButtonElement;
  #name = '';
  #shown: { track: Showable; adaptive: boolean; detach: () => void } | undefined;

  constructor(options: TileOptions) {
    this.id = options.id;
    this.kind = options.kind;
    this.own = options.own;
    this.#video = element('video', {
      class: 'tile-video',
      autoplay: true,
      playsinline: true,
      'data-testid': 'tile-video',
    });
    this.#video.muted = true;
    this.#video.addEventListener('playing', () => this.root.classList.add('has-picture'));
    this.#pinButton = iconButton({
      icon: 'pin',
      label: 'Show large',
      class: 'tile-pin',
      testId: 'tile-pin',
      onClick: () => options.onPin(this.id),
    });
    this.root = element(
      'article',
      {
        class: `tile tile-${options.kind}${options.own ? ' tile-own' : ''}`,
        'data-testid': 'tile',
        'data-peer-id': options.peerId,
        'data-kind': options.kind,
        'data-own': options.own ? '1' : undefined,
      },
      this.#avatar,
      this.#video,
      element(
        'div',
        { class: 'tile-tag' },
        options.kind === 'person' ? this.#mutedMark : icon('screen'),
        element('span', { class: 'tile-bars', 'aria-hidden': 'true' }, bar(), bar(), bar()),
        this.#nameText,
      ),
      this.#pinButton,
    );
    this.root.addEventListener('dblclick', () => options.onPin(this.id));
    this.root.style.setProperty('--hue', String(hueOf(options.peerId)));
    this.setName(options.name);
    this.setMuted(options.kind === 'person');
  }

  get name(): string {
    return this.#name;
  }

  setName(name: string): void {
    this.#name = name;
    const shown = this.own ? `${name} (you)` : name;
    this.#nameText.textContent = this.kind === 'screen' ? `${shown} – screen` : shown;
    this.#avatar.textContent = initials(name);
    this.root.setAttribute('aria-label', this.kind === 'screen' ? `Screen of ${shown}` : shown);
    this.#video.setAttribute(
      'aria-label',
      this.kind === 'screen' ? `Screen of ${name}` : `Camera of ${name}`,
    );
  }

  /**
   * Shows a track, or the initials for none. `adaptive`: its simulcast layer follows the tile's size. The same
   * track again changes nothing.
   */
  show(track: Showable | undefined, adaptive = true): void {
    const before = this.#shown;
    if (before?.track === track && before?.adaptive === adaptive) return;
    // Kept first: attaching and detaching may report a change of the track, which comes back to here.
    const shown = track && { track, adaptive, detach: () => {} };
    this.#shown = shown;
    before?.detach();
    if (before?.track !== track) this.root.classList.remove('has-picture');
    this.root.classList.toggle('has-video', track !== undefined);
    if (!shown) return;
    shown.detach = shown.track.attach(this.#video, { adaptive });
  }

  setMuted(muted: boolean): void {
    this.#mutedMark.hidden = !muted;
    this.root.classList.toggle('is-muted', muted);
  }

  /** Loudness, 0 (silent) to 1. */
  setLevel(level: number): void {
    this.root.style.setProperty('--level', level.toFixed(2));
    this.root.classList.toggle('is-speaking', level > 0);
  }

  setActiveSpeaker(active: boolean): void {
    this.root.classList.toggle('is-active-speaker', active);
  }

  setPinned(pinned: boolean): void {
    const label = pinned ? 'Back to the grid' : 'Show large';
    this.#pinButton.setAttribute('aria-label', `${label}: ${this.#name}`);
    this.#pinButton.title = label;
    this.#pinButton.setAttribute('aria-pressed', String(pinned));
  }

  place(rect: Rect | undefined): void {
    this.root.hidden = rect === undefined;
    if (!rect) return;
    const { style } = this.root;
    style.left = `${rect.left}px`;
    style.top = `${rect.top}px`;
    style.width = `${rect.width}px`;
    style.height = `${rect.height}px`;
    this.root.classList.toggle('is-small', rect.width < 180);
    this.root.style.setProperty('--avatar', `${Math.round(Math.min(rect.width, rect.height) * 0.42)}px`);
  }

  /** Idempotent. */
  close(): void {
    this.#shown?.detach();
    this.#shown = undefined;
    this.#video.srcObject = null;
    this.root.remove();
  }
}

function bar(): HTMLElement {
  return element('i', {});
}
