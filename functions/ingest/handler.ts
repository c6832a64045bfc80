/** The door of ingest: quotes each minute of a session, daily bars after its close. */
import { Fault } from '#shared/core/kernel/fault.ts';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { ingestBars } from './ingest-bars.ts';
import { ingestQuotes } from './ingest-quotes.ts';
import { wire } from './wiring.ts';

export const handler = coldStart(async () => {
  const dependencies = await wire(process.env);
  return scheduleDoor(dependencies.telemetry, async ({ kind, slot }) => {
    dependencies.telemetry.count('Heartbeat');
    switch (kind) {
      case 'daily-bars':
        return await ingestBars(dependencies);
      case 'quotes':
        return { quotes: await ingestQuotes(dependencies, slot) };
      default:
        throw new Fault('permanent', 'schedule-unknown', `ingest does not know the kind ${kind}: daily-bars or quotes`);
    }
  });
});
