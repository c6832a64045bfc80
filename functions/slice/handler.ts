/** The door of slice: each minute of a session, at each wake, and when a plan is made or canceled. */
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { wire } from './wiring.ts';
import { workPlans } from './work-plans.ts';

export const handler = coldStart(() => {
  const dependencies = wire(process.env);
  return Promise.resolve(
    scheduleDoor(dependencies.telemetry, async ({ kind, functionArn }) => {
      if (kind === 'sweep') dependencies.telemetry.count('Heartbeat');
      return await workPlans(dependencies, functionArn);
    }),
  );
});
