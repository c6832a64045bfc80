/** What a member of the crew is told, which is all that it and its leader share. */
import * as z from 'zod';

export const crewOrder = z.object({
  seeds: z.array(z.int().min(0)),
  plant: z.string().nullable(),
  bars: z.string().nullable(),
});
export type CrewOrder = z.output<typeof crewOrder>;
