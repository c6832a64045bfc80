/** Compares what the books hold with what the broker holds, and quarantines what differs. It never books a fill. */
import { formatQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { PositionDifference } from '#shared/core/reconcile/position-differences.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ReportedDifference } from '#shared/ports/reconciliations.ts';

export interface ComparingDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly books: Books;
}

/** Makes books where there are none, and reads them all. */
export async function openBooks(
  { accountId, books }: ComparingDependencies,
  wanted: readonly Ticker[],
): Promise<readonly Book[]> {
  const there = await books.all(accountId);
  const known = new Set(there.map((book) => book.ticker));
  const missing = [...new Set(wanted)].filter((symbol) => !known.has(symbol)).sort();
  if (missing.length === 0) return there;
  await books.open(accountId, missing);
  return await books.all(accountId);
}

const causeOf = ({ ours, broker }: PositionDifference): string => {
  if (ours === ZERO_QUANTITY) return 'the broker holds what no order of ours bought: an external trade or a transfer';
  if (broker === ZERO_QUANTITY) return 'the broker holds nothing: an external trade, a missed fill or a transfer';
  return 'a missed fill, an external trade, or a corporate action';
};

export async function quarantineDifferences(
  { accountId, books, clock }: ComparingDependencies,
  differences: readonly PositionDifference[],
  correlationId: string,
): Promise<readonly ReportedDifference[]> {
  const reported = differences.map((difference) => ({ ...difference, cause: causeOf(difference) }));
  for (const { ticker, ours, broker, cause } of reported) {
    const message = `the book holds ${formatQuantity(ours)}, the broker ${formatQuantity(broker)}: ${cause}`;
    await books.quarantine(accountId, ticker, { code: 'position-mismatch', message, at: clock.now() }, correlationId);
  }
  return reported;
}
