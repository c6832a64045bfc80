/** The door of protect: each minute of a session, and each time prices change. */
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { guardAccount } from './guard-account.ts';
import { wire } from './wiring.ts';

export const handler = coldStart(() => {
  const dependencies = wire(process.env);
  return Promise.resolve(
    scheduleDoor(dependencies.telemetry, async ({ kind }) => {
      if (kind === 'guard') dependencies.telemetry.count('Heartbeat');
      return await guardAccount(dependencies);
    }),
  );
});
