/** How orders ended up at the broker, as far as the journal of a window tells. */
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';

/**
 * accepted: the broker has or had it. rejected: the broker refused it, in its answer or later. failed: it could not be
 * carried out, or nobody knows its fate.
 */
export type OutcomeKind = 'accepted' | 'rejected' | 'failed';

export interface OrderOutcome {
  readonly clientOrderId: ClientOrderId;
  readonly kind: OutcomeKind;
  readonly at: EpochMs;
}

/** One outcome an order, the last that was told of it, in the order in which they were told. */
export function lastOutcomes(told: readonly OrderOutcome[]): readonly OrderOutcome[] {
  const last = new Map<ClientOrderId, OrderOutcome>();
  for (const outcome of [...told].sort((a, b) => a.at - b.at)) {
    last.delete(outcome.clientOrderId);
    last.set(outcome.clientOrderId, outcome);
  }
  return [...last.values()];
}

/** How many of the last passes, oldest first, compared nothing: those behind the last whole one. */
export const failedInRow = (passes: readonly { readonly complete: boolean }[]): number =>
  passes.length - 1 - passes.findLastIndex(({ complete }) => complete);
