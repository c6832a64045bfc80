/** The door of reconcile: each minute, and when an order's fate was lost. */
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { reconcilePass } from './reconcile-pass.ts';
import { wire } from './wiring.ts';

export const handler = coldStart(async () => {
  const dependencies = await wire(process.env);
  const { telemetry } = dependencies;
  return scheduleDoor(telemetry, async ({ kind, remainingMs }) => {
    const outcome = await reconcilePass(dependencies, remainingMs);
    if (outcome.kind === 'no-session') return { outcome: outcome.kind };
    const { session, complete, ordersSettled, fillsBooked, orphans, differences } = outcome.report;
    const said = { kind, session, complete, ordersSettled, fillsBooked, orphans, differences: differences.length };
    telemetry.info('reconciled', said);
    return { outcome: outcome.kind, ...said };
  });
});
