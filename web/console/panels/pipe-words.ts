import type { ConsolePipe } from '../../../core/protocol/console-pipes';
import { bitrateText, countText, percentText } from '../format';

/** `node-1 → node-2: 4 streams, 5 layers, 2.1 Mbit/s, 34 ms, 1 % lost`. */
export function pipeText({ from, to, streams, layers, bitrateBps, rttMs, lossRatio }: ConsolePipe): string {
  const facts = [
    countText(streams, 'stream'),
    layers > 0 ? countText(layers, 'layer') : undefined,
    bitrateBps === undefined ? undefined : bitrateText(bitrateBps),
    rttMs === undefined ? undefined : `${Math.round(rttMs)} ms`,
    lossRatio === undefined ? undefined : `${percentText(lossRatio)} lost`,
  ];
  return `${from} → ${to}: ${facts.filter((fact) => fact !== undefined).join(', ')}`;
}
