import type { LoadGenerator } from '../../load/load-generator';
import type { Stage } from '../stage';

/** The calls on a node end, so that it is empty before the time to move them. @returns the rooms that ended */
export async function endCallsOn(stage: Stage, load: LoadGenerator, instanceId: string): Promise<string[]> {
  const { rooms } = await stage.look();
  const there = rooms.filter(({ nodes }) => nodes.includes(instanceId)).map(({ roomId }) => roomId);
  if (there.length > 0) stage.say(`the calls on ${instanceId} end: ${there.join(', ')}`);
  load.endRooms(there);
  return there;
}
