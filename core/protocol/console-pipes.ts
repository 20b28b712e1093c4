import { z } from 'zod';
import type { PipeDetail, RoomDetail } from './room-detail';

/** What the console shows of a pipe. */
export const consolePipeSchema = z.object({
  /** A node, with the number of its worker where that is known. */
  from: z.string(),
  to: z.string(),
  streams: z.number().int().nonnegative(),
  /** Simulcast layers that cross. */
  layers: z.number().int().nonnegative(),
  bitrateBps: z.number().nonnegative().optional(),
  rttMs: z.number().nonnegative().optional(),
  lossRatio: z.number().min(0).max(1).optional(),
});

export type ConsolePipe = z.infer<typeof consolePipeSchema>;

/** What is read of `GET /v1/rooms/{roomId}`. */
export interface OperatorRoomDetail {
  live: readonly { nodeId: string; room?: Pick<RoomDetail, 'pipes'> }[];
}

/** Each pipe of a room once: as its receiving end sees it, or its sending end when the other node doesn't answer. */
export function pipesFromOperatorApi({ live }: OperatorRoomDetail): ConsolePipe[] {
  const answering = new Set(live.flatMap(({ nodeId, room }) => (room === undefined ? [] : [nodeId])));
  return live.flatMap(({ nodeId, room }) =>
    (room?.pipes ?? [])
      .filter(({ toNode }) => toNode === undefined || !answering.has(toNode))
      .map((pipe) => describePipe(nodeId, pipe)),
  );
}

function describePipe(nodeId: string, pipe: PipeDetail): ConsolePipe {
  const { fromNode = nodeId, toNode = nodeId, fromWorker, toWorker, producers } = pipe;
  const { bitrateBps, rttMs, lossRatio } = pipe;
  return {
    from: placeText(fromNode, fromWorker),
    to: placeText(toNode, toWorker),
    streams: producers.length,
    layers: producers.reduce((sum, { spatialLayers = [] }) => sum + spatialLayers.length, 0),
    bitrateBps,
    rttMs,
    lossRatio,
  };
}

function placeText(nodeId: string, worker: number | undefined): string {
  return worker === undefined ? nodeId : `${nodeId} worker ${worker}`;
}
