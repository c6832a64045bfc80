/** The door of signal: once after the bars of a session are in. */
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { generateSignals } from './generate-signals.ts';
import { wire } from './wiring.ts';

export const handler = coldStart(() => {
  const dependencies = wire(process.env);
  return Promise.resolve(
    scheduleDoor(dependencies.telemetry, async () => {
      dependencies.telemetry.count('Heartbeat');
      const { session, signals } = await generateSignals(dependencies);
      return { session, signals: signals.length };
    }),
  );
});
