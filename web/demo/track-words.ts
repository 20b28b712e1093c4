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

/**
 * Receiving: `S2 · T2, wanted Auto`, the current spatial and temporal layer and the person's choice. Sending:
 * the bitrate of each layer. Undefined for sound.
 */
export function layersText(
  stats: Pick<TrackStats, 'kind' | 'direction' | 'currentLayers' | 'layers'>,
  wanted: string | undefined,
): string | undefined {
  if (stats.kind !== 'video') return undefined;
  if (stats.direction === 'send') {
    if (stats.layers.length === 0) return 'none yet';
    return (
      stats.layers
        .map((layer) => `S${layer.spatialLayer} ${layer.active ? bitrateText(layer.bitrateBps) : 'off'}`)
        // A line may break between layers, not within one.
        .map((text) => text.replaceAll(' ', '\u00a0'))
        .join(' · ')
    );
  }
  const { currentLayers } = stats;
  const temporal = currentLayers?.temporalLayer === undefined ? '' : ` · T${currentLayers.temporalLayer}`;
  const current = currentLayers ? `S${currentLayers.spatialLayer}${temporal}` : 'none';
  return wanted === undefined ? current : `${current}, wanted ${wanted}`;
}
