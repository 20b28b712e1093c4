/** Which simulcast layer a picture of some size needs. Pure; the element watcher measures the size. */

/** A layer may be enlarged this much before the next one is worth its bits. */
const ENLARGE = 1.25;
/** Changing up or down needs to be worth this much more, so that a size at the border doesn't flap. */
const HYSTERESIS = 1.15;
/** Device pixels beyond this density can't be told apart in a moving picture. */
const MAX_PIXEL_RATIO = 2;

export interface LayerChoice {
  /** Width (or height) shown ÷ that of the full picture; see {@link neededScale}. */
  scale: number;
  /** How many spatial layers there are, each half the next one's width. */
  layerCount: number;
  /** The layer chosen before. */
  current?: number | undefined;
}

/** The lowest spatial layer that looks good at `scale`, staying at `current` when it is close. */
export function chooseSpatialLayer({ scale, layerCount, current }: LayerChoice): number {
  const top = Math.max(0, layerCount - 1);
  const enoughUpTo = (layer: number) => ENLARGE * 2 ** (layer - top);
  const lowest = (wanted: number) => {
    for (let layer = 0; layer < top; layer += 1) if (wanted <= enoughUpTo(layer)) return layer;
    return top;
  };
  const best = lowest(scale);
  if (current === undefined || current > top) return best;
  if (best > current) return Math.max(current, lowest(scale / HYSTERESIS));
  if (best < current) return Math.min(current, lowest(scale * HYSTERESIS));
  return current;
}

export interface ShownSize {
  /** The element's box, CSS pixels. */
  width: number;
  height: number;
  /** As `window.devicePixelRatio`. */
  pixelRatio: number;
  /** Whether the picture fills the box (`object-fit: cover` or `fill`) or fits into it. */
  fit: 'fill' | 'inside';
}

/** How large the picture is shown, as a part of the full picture's size in pixels. */
export function neededScale(shown: ShownSize, full: { width: number; height: number }): number {
  const ratio = Math.min(shown.pixelRatio, MAX_PIXEL_RATIO);
  const horizontal = (shown.width * ratio) / full.width;
  const vertical = (shown.height * ratio) / full.height;
  return shown.fit === 'fill' ? Math.max(horizontal, vertical) : Math.min(horizontal, vertical);
}

/** A camera of unknown size is taken for a 720p one. */
export const ASSUMED_SIZE = { width: 1280, height: 720 } as const;

/** The full picture's size, told from the picture decoded at `spatialLayer`. */
export function fullSize(
  decoded: { width: number; height: number },
  spatialLayer: number | undefined,
  layerCount: number,
): { width: number; height: number } {
  if (decoded.width === 0 || decoded.height === 0 || spatialLayer === undefined) return ASSUMED_SIZE;
  const factor = 2 ** Math.max(0, layerCount - 1 - spatialLayer);
  return { width: decoded.width * factor, height: decoded.height * factor };
}
