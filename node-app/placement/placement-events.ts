import { z } from 'zod';
import type { PlacementEvent } from '../../core/placement/placement-event';

/** The fields of a stream entry, as the scripts write them. */
const entrySchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('no-capacity'),
      atMs: z.coerce.number(),
      roomId: z.string(),
      nodeId: z.string(),
      egressBps: z.coerce.number(),
      packetsPerSecond: z.coerce.number(),
    })
    .transform(({ egressBps, packetsPerSecond, ...event }) => ({
      ...event,
      demand: { egressBps, packetsPerSecond },
    })),
  z.object({
    kind: z.literal('room-moved'),
    atMs: z.coerce.number(),
    roomId: z.string(),
    fromNodeId: z.string(),
    nodeId: z.string(),
    epoch: z.coerce.number(),
  }),
  z.object({ kind: z.literal('generation-began'), atMs: z.coerce.number(), nodeId: z.string() }),
]);

/** One entry of the stream, or undefined for a kind that only a newer release knows. */
export function readEventEntry([id, fields]: [string, string[]]): PlacementEvent | undefined {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) record[fields[i] ?? ''] = fields[i + 1] ?? '';
  const parsed = entrySchema.safeParse(record);
  return parsed.success ? { id, ...parsed.data } : undefined;
}
