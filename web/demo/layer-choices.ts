import type { Layers } from '../sdk/vocabulary';

/** `auto`: the picture's size on the screen decides. The others hold one simulcast layer. */
export type LayerChoice = 'auto' | 'low' | 'mid' | 'high';

export const LAYER_CHOICES: readonly { choice: LayerChoice; label: string }[] = [
  { choice: 'auto', label: 'Auto' },
  { choice: 'low', label: 'Low' },
  { choice: 'mid', label: 'Middle' },
  { choice: 'high', label: 'High' },
];

export function isLayerChoice(text: string): text is LayerChoice {
  return LAYER_CHOICES.some(({ choice }) => choice === text);
}

/** The layers to ask the fleet for; undefined leaves the choice to the SDK. */
export function layersFor(choice: LayerChoice): Layers | undefined {
  const spatialLayers: Record<LayerChoice, number | undefined> = { auto: undefined, low: 0, mid: 1, high: 2 };
  const spatialLayer = spatialLayers[choice];
  return spatialLayer === undefined ? undefined : { spatialLayer, temporalLayer: 2 };
}
