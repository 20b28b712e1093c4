import { z } from 'zod';

/** What a peer's token may say of its room, in place of the deployment's own values. */
export const roomOptionsSchema = z.object({
  /** Of how many publishers each subscriber receives the camera; 0: all. */
  lastN: z.number().int().min(0).max(1_000).optional(),
  /** How many microphones are heard at once; 0: all. */
  heardSpeakers: z.number().int().min(0).max(50).optional(),
});

export type RoomOptions = z.infer<typeof roomOptionsSchema>;

/** Somebody in the room. */
export interface RoomOptionsSource {
  /** The higher, the newer. */
  readonly stamp: number;
  readonly roomOptions?: RoomOptions | undefined;
}

/** What holds for a room: of each option what the newest of those says who are present and say anything of it. */
export function chooseRoomOptions(
  present: readonly RoomOptionsSource[],
  defaults: Required<RoomOptions>,
): Required<RoomOptions> {
  const newest = present
    .filter(({ roomOptions }) => roomOptions !== undefined)
    .sort((a, b) => b.stamp - a.stamp)
    .map(({ roomOptions = {} }) => roomOptions);
  const first = (option: keyof RoomOptions) =>
    newest.find((options) => options[option] !== undefined)?.[option] ?? defaults[option];
  return { lastN: first('lastN'), heardSpeakers: first('heardSpeakers') };
}
