import type { TrackStats } from '../sdk/vocabulary';
import { bitrateText } from './format';

/** `1280 × 720, 30 fps`, or undefined for sound and while there is no picture. */
export function pictureText(
  stats: Pick<TrackStats, 'kind' | 'frameWidth' | 'frameHeight' | 'framesPerSecond'>,
): string | undefined {
  if (stats.kind !== 'video') return undefined;
  if (stats.frameWidth === undefined || stats.frameHeight === undefined) return 'none yet';
  const rate = stats.framesPerSecond === undefined ? '' : `, ${Math.round(stats.framesPerSecond)} fps`;
  return `${stats.frameWidth} × ${stats.frameHeight}${rate}`;
}

/** What the SDK sends of a screen, and of everything else (web/sdk/media/encodings.ts). */
const LAYER_NAMES = { screen: ['low', 'high'], other: ['low', 'middle', 'high'] } as const;
/** VP8's temporal layers halve the frame rate each. */
const FRAME_RATE_NAMES = ['quarter frame rate', 'half frame rate'] as const;

/**
 * Receiving: `high, wanted Auto`, the current spatial and temporal layer and the person's choice. Sending: the
 * bitrate of each layer. Undefined for sound.
 */
export function layersText(
  stats: Pick<TrackStats, 'kind' | 'source' | 'direction' | 'currentLayers' | 'layers'>,
  wanted: string | undefined,
): string | undefined {
  if (stats.kind !== 'video') return undefined;
  const names: readonly string[] = LAYER_NAMES[stats.source === 'screen' ? 'screen' : 'other'];
  const nameOf = (spatialLayer: number) => names[spatialLayer] ?? `layer ${spatialLayer + 1}`;
  if (stats.direction === 'send') {
    if (stats.layers.length === 0) return 'none yet';
    return (
      stats.layers
        .map(
          (layer) => `${nameOf(layer.spatialLayer)} ${layer.active ? bitrateText(layer.bitrateBps) : 'off'}`,
        )
        // A line may break between layers, not within one.
        .map((text) => text.replaceAll(' ', '\u00a0'))
        .join(' · ')
    );
  }
  const { currentLayers } = stats;
  const rate = FRAME_RATE_NAMES[currentLayers?.temporalLayer ?? FRAME_RATE_NAMES.length];
  const current = currentLayers
    ? [nameOf(currentLayers.spatialLayer), ...(rate ? [rate] : [])].join(' · ')
    : 'none';
  return wanted === undefined ? current : `${current}, wanted ${wanted}`;
}
