/** The door of orchestrate: one slot, one decision; and each minute after it, what a sender that died has left. */
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { scheduleDoor } from '#shared/runtime/doors/schedule-door.ts';
import { finishRuns } from './finish-runs.ts';
import { orchestrateRun } from './orchestrate-run.ts';
import { wire } from './wiring.ts';

export const handler = coldStart(async () => {
  const dependencies = await wire(process.env);
  const { telemetry } = dependencies;
  return scheduleDoor(telemetry, async ({ kind, slot, invocation }) => {
    if (kind === 'finish') return { finished: await finishRuns(dependencies) };
    telemetry.count('Heartbeat');
    const outcome = await orchestrateRun(dependencies, slot, invocation);
    telemetry.info('slot ended', {
      slot: formatEpochMs(slot),
      outcome: outcome.kind,
      code: outcome.kind === 'refused' ? outcome.refusal.code : null,
    });
    return outcome;
  });
});
