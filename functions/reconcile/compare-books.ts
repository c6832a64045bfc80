/** Acts on what the books and the broker differ in: stops the symbol, or proves it right again. It never books a fill. */
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type Book, PROVED_BY_AGREEMENT } from '#shared/core/portfolio/book.ts';
import type { CashCheck } from '#shared/core/reconcile/cash.ts';
import { INVARIANTS, violationsOfBook } from '#shared/core/reconcile/invariants.ts';
import { CAUSES, likelyCause } from '#shared/core/reconcile/likely-cause.ts';
import type { PositionDifference } from '#shared/core/reconcile/position-differences.ts';
import type { BrokerPosition } from '#shared/ports/broker.ts';
import type { ReportedDifference } from '#shared/ports/reconciliations.ts';
import type { Pass } from './pass.ts';

/** Makes books where there are none, and reads them all. */
export async function openBooks(
  { accountId, books }: Pass,
  there: readonly Book[],
  wanted: readonly Ticker[],
): Promise<boolean> {
  const known = new Set(there.map((book) => book.ticker));
  const missing = [...new Set(wanted)].filter((symbol) => !known.has(symbol)).sort();
  if (missing.length > 0) await books.open(accountId, missing);
  return missing.length > 0;
}

export async function quarantineDifferences(
  pass: Pass,
  differences: readonly PositionDifference[],
  facts: { readonly books: readonly Book[]; readonly positions: readonly BrokerPosition[] },
): Promise<readonly ReportedDifference[]> {
  const { accountId, books, clock, correlationId, tally } = pass;
  const reported: ReportedDifference[] = [];
  for (const difference of differences) {
    const { ticker, ours, broker } = difference;
    const code = likelyCause({
      difference,
      book: facts.books.find((book) => book.ticker === ticker) ?? null,
      held: facts.positions.find((position) => position.ticker === ticker) ?? null,
      foreignOrders: tally.foreignSymbols.has(ticker),
    });
    const cause = CAUSES[code];
    const message = `the book holds ${formatQuantity(ours)}, the broker ${formatQuantity(broker)}: ${cause}`;
    const quarantine = { code: code === 'split' ? 'split' : 'position-mismatch', message, at: clock.now() };
    await books.quarantine(accountId, ticker, quarantine, correlationId);
    reported.push({ ...difference, cause });
  }
  return reported;
}

/** Lifts what differences had set, where the sides agree again and nothing of the symbol is open to doubt. */
export async function liftProved(
  { accountId, books, clock, correlationId }: Pass,
  all: readonly Book[],
  differences: readonly PositionDifference[],
): Promise<readonly Ticker[]> {
  const differing = new Set(differences.map(({ ticker }) => ticker));
  const lifted: Ticker[] = [];
  for (const { ticker, quarantine, gaps } of all) {
    if (quarantine === null || !PROVED_BY_AGREEMENT.includes(quarantine.code)) continue;
    if (differing.has(ticker) || gaps.length > 0) continue;
    const reason = 'books and broker agree again';
    const lift = { by: 'reconcile', reason, now: clock.now(), correlationId, provedCodes: PROVED_BY_AGREEMENT };
    if (await books.liftQuarantine(accountId, ticker, lift)) lifted.push(ticker);
  }
  return lifted;
}

/** Each symbol with a violation is stopped; only a person lifts that. */
export async function quarantineViolations(pass: Pass, all: readonly Book[]): Promise<void> {
  const { accountId, books, clock, correlationId, tally, telemetry } = pass;
  tally.violations.push(...all.flatMap(violationsOfBook));
  for (const { invariant, ticker, subject, what } of tally.violations) {
    telemetry.error('an invariant of reconciliation does not hold', { invariant, symbol: ticker, subject, what });
    const quarantine = { code: `invariant-${INVARIANTS[invariant]}`, message: `${subject}: ${what}`, at: clock.now() };
    await books.quarantine(accountId, ticker, quarantine, correlationId);
  }
}

/** Why the whole account takes no entries; null when it may. */
export function haltOf(pass: Pass, cash: CashCheck, quarantined: number): { cause: string; message: string } | null {
  if (!cash.withinTolerance) {
    const message =
      `the broker's cash is ${formatMoney(cash.drift)} off what the books expect (${formatMoney(cash.expected)}); ` +
      `${formatMoney(cash.tolerance)} are let pass`;
    return { cause: 'cash-drift', message };
  }
  const { quarantinesMax } = pass.policy.reconciliation;
  if (quarantined <= quarantinesMax) return null;
  const message = `${quarantined} symbols are quarantined; more than ${quarantinesMax} stop the account`;
  return { cause: 'quarantines', message };
}
