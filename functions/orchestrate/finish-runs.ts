/** Runs whose sender did not come back: what they decided is sent to its end, and nothing is decided. */
import { type OrchestrateDependencies, sendRun } from './orchestrate-run.ts';

export type FinishDependencies = Pick<
  OrchestrateDependencies,
  'accountId' | 'clock' | 'runs' | 'journal' | 'lanes' | 'telemetry'
>;

/**
 * A run is taken up once the lease of whoever decided it is over. Everything of it may be sent again: facts, commands and
 * rows know themselves.
 * @returns how many runs were finished
 * @throws Fault when something could not be read or sent: the next minute tries again
 */
export async function finishRuns(dependencies: FinishDependencies): Promise<number> {
  const { accountId, clock, runs, telemetry } = dependencies;
  const unfinished = await runs.unfinished(accountId, clock.now());
  for (const { slot, decision } of unfinished) {
    telemetry.warn('a run was decided and not sent to its end; it is sent again', { runId: slot.runId });
    await sendRun(dependencies, slot, decision);
  }
  return unfinished.length;
}
