import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import type { ShownSize } from './layer-choice';

/** Scrolling past, a tab switched for a moment: not worth pausing for. Milliseconds. */
const HIDE_AFTER_MS = 1_500;
/** A tab in the background keeps its pictures this long, milliseconds. */
const BACKGROUND_AFTER_MS = 10_000;
/** Frameworks move elements by taking them out and putting them in again, milliseconds. */
const REMOVED_AFTER_MS = 2_000;

export interface ElementWatcherOptions {
  element: HTMLVideoElement;
  clock: Clock;
  /** Visibility, size or the size of the decoded picture changed. */
  onChanged: () => void;
  /** The element was in the document and isn't any more. */
  onRemoved: () => void;
}

/** Tells how large an element is shown, and whether it is visible at all. */
export class ElementWatcher {
  readonly element: HTMLVideoElement;
  readonly #options: ElementWatcherOptions;
  readonly #resize: ResizeObserver;
  readonly #intersection: IntersectionObserver;
  #density: MediaQueryList | undefined;
  /** Until the observer has spoken, an element counts as visible: better a moment too much than a black picture. */
  #intersecting = true;
  #visible = true;
  #wasConnected = false;
  #timer: Timer | undefined;
  #removedTimer: Timer | undefined;
  readonly #onVisibility = () => this.#update();
  readonly #onDecodedSize = () => this.#options.onChanged();
  readonly #onDensity = () => {
    this.#watchDensity();
    this.#options.onChanged();
  };

  constructor(options: ElementWatcherOptions) {
    this.#options = options;
    this.element = options.element;
    this.#resize = new ResizeObserver(() => {
      this.#update();
      options.onChanged();
    });
    this.#intersection = new IntersectionObserver((entries) => {
      this.#intersecting = entries.at(-1)?.isIntersecting ?? false;
      this.#update();
    });
    this.#resize.observe(this.element);
    this.#intersection.observe(this.element);
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.element.addEventListener('resize', this.#onDecodedSize);
    this.element.addEventListener('enterpictureinpicture', this.#onVisibility);
    this.element.addEventListener('leavepictureinpicture', this.#onVisibility);
    this.#watchDensity();
  }

  get visible(): boolean {
    return this.#visible;
  }

  /** The element's box; undefined while it has none. */
  get size(): ShownSize | undefined {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return undefined;
    const { objectFit } = getComputedStyle(this.element);
    return {
      width,
      height,
      pixelRatio: window.devicePixelRatio,
      fit: objectFit === 'cover' || objectFit === 'fill' ? 'fill' : 'inside',
    };
  }

  /** Idempotent. */
  close(): void {
    this.#resize.disconnect();
    this.#intersection.disconnect();
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.element.removeEventListener('resize', this.#onDecodedSize);
    this.element.removeEventListener('enterpictureinpicture', this.#onVisibility);
    this.element.removeEventListener('leavepictureinpicture', this.#onVisibility);
    this.#density?.removeEventListener('change', this.#onDensity);
    this.#density = undefined;
    this.#timer?.cancel();
    this.#removedTimer?.cancel();
  }

  #update(): void {
    this.#watchRemoval();
    const inPicture = document.pictureInPictureElement === this.element;
    const background = document.visibilityState === 'hidden';
    const seen = inPicture || (this.#intersecting && !background);
    this.#timer?.cancel();
    this.#timer = undefined;
    if (seen) {
      this.#setVisible(true);
      return;
    }
    if (!this.#visible) return;
    const delayMs = background && this.#intersecting ? BACKGROUND_AFTER_MS : HIDE_AFTER_MS;
    this.#timer = this.#options.clock.setTimer(delayMs, () => this.#setVisible(false));
  }

  #setVisible(visible: boolean): void {
    if (this.#visible === visible) return;
    this.#visible = visible;
    this.#options.onChanged();
  }

  #watchRemoval(): void {
    if (this.element.isConnected) {
      this.#wasConnected = true;
      this.#removedTimer?.cancel();
      this.#removedTimer = undefined;
      return;
    }
    if (!this.#wasConnected || this.#removedTimer) return;
    this.#removedTimer = this.#options.clock.setTimer(REMOVED_AFTER_MS, () => {
      if (!this.element.isConnected) this.#options.onRemoved();
    });
  }

  /** A media query fires once when the density leaves its value, e.g. when a window moves to another screen. */
  #watchDensity(): void {
    this.#density?.removeEventListener('change', this.#onDensity);
    this.#density = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    this.#density.addEventListener('change', this.#onDensity);
  }
}
