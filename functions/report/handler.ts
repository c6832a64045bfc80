/** The door of report: once after each session. */
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { reportSession } from './report-session.ts';
import { wire } from './wiring.ts';

export const handler = coldStart(() => {
  const dependencies = wire(process.env);
  return Promise.resolve(
    scheduleDoor(dependencies.telemetry, async () => {
      dependencies.telemetry.count('Heartbeat');
      return await reportSession(dependencies);
    }),
  );
});
