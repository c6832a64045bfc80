/** The door of protect: each minute of the day's work, when prices change, after fills, and when a kill switch is engaged. */
import * as z from 'zod';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { guardAccount } from './guard-account.ts';
import { OCCASIONS } from './look.ts';
import { wire } from './wiring.ts';

const occasion = z.enum(OCCASIONS);

export const handler = coldStart(async () => {
  const dependencies = await wire(process.env);
  return scheduleDoor(dependencies.telemetry, async ({ kind }) => {
    if (kind === 'guard') dependencies.telemetry.count('Heartbeat');
    return await guardAccount(dependencies, occasion.parse(kind));
  });
});
