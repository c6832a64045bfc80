/** The name of a run. */
import { type AccountId, type RunId, runId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';

/** One run's name: the same account and slot give the same for ever. */
export const runIdOf = (accountId: AccountId, slot: EpochMs): RunId =>
  runId(`${accountId}:${formatEpochMs(slot).replace(/[-:]/g, '').slice(0, 15)}`);
