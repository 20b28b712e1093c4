import type { AlarmView } from '../../cloud/cloudwatch/alarm-view';
import type { Stage } from '../stage';
import { StoryBroken } from '../story-broken';

/**
 * Notes how long it took from the load over the threshold until a new node was in service, and how many boots that is.
 * @returns the new node
 */
export async function noteReaction(
  stage: Stage,
  { alarm, after, sinceMs }: { alarm: string; after: number; sinceMs?: number },
): Promise<string> {
  const { chronicle } = stage;
  const inService = await stage.until('a new node is in service', () =>
    chronicle.find('instance-state', ({ to }) => to === 'InService', after),
  );
  const { instanceId } = inService;
  const launched = chronicle.find('instance-state', (entry) => entry.instanceId === instanceId);
  const bootSeconds = (inService.atMs - (launched?.atMs ?? inService.atMs)) / 1_000;
  const overMs = sinceMs ?? breachedSince(stage.alarm(alarm), inService.atMs);
  const reactionSeconds = (inService.atMs - overMs) / 1_000;
  stage.figure('reactionSeconds', 's', reactionSeconds);
  stage.figure('bootSeconds', 's', bootSeconds);
  stage.figure('reactionOverBoot', '', reactionSeconds / bootSeconds);
  return instanceId;
}

/** The beginning of the first period over the threshold. */
function breachedSince(
  { name, startMs, periodSeconds, values, threshold }: AlarmView,
  beforeMs: number,
): number {
  const first = values.findIndex((value) => value !== undefined && value >= threshold);
  const atMs = startMs + first * periodSeconds * 1_000;
  if (first < 0 || atMs > beforeMs) throw new StoryBroken(`${name} shows no breach`);
  return atMs;
}
