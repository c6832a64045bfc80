/** The door of listen: one slot of the broker's stream an invocation. */
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { holdStream } from './hold-stream.ts';
import { wire } from './wiring.ts';

export const handler = coldStart(async () => {
  const dependencies = await wire(process.env);
  const { telemetry } = dependencies;
  return scheduleDoor(telemetry, async ({ remainingMs }) => {
    telemetry.count('Heartbeat');
    const listened = await holdStream(dependencies, remainingMs());
    telemetry.info('slot ended', { ...listened });
    return listened;
  });
});
