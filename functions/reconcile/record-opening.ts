/** Brings what the account held when its books were opened into them, each position once. */
import { MANUAL } from '#shared/core/kernel/identity.ts';
import type { Pass } from './pass.ts';

/**
 * A book that was touched since has taken its opening in already, in a pass that did not come to its end.
 * @throws Fault when the tables do not answer: what is left is recorded by the next pass
 */
export async function recordOpening({ accountId, adjustments, books, clock, mark, tally }: Pass): Promise<void> {
  const opening = mark?.opening ?? [];
  if (opening.length === 0) return;
  await books.open(
    accountId,
    opening.map(({ ticker }) => ticker),
  );
  for (const { ticker, quantity, cost } of opening) {
    await adjustments.adjust({
      accountId,
      ticker,
      strategyId: MANUAL,
      quantity,
      cost,
      by: mark?.openedBy ?? 'belay init',
      reason: 'held when the books were opened',
      now: clock.now(),
      onlyUntouched: true,
    });
    tally.opened.push(ticker);
  }
}
