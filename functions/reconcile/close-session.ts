/** The last look at a session: profit computed again from the trade journal, and the account's figures kept. */
import { parseMoney, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, formatEpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { AFTER_CLOSE_MS } from '#shared/core/order/unknown-fate.ts';
import { type BookedEntry, replayProfit } from '#shared/core/reconcile/profit.ts';
import type { AnyFact } from '#events/catalogue.ts';
import type { PassFigures } from '#shared/ports/reconciliations.ts';
import type { Pass } from './pass.ts';

/** Entries of the trade journal among facts. */
export const bookedEntriesOf = (facts: readonly AnyFact[]): readonly BookedEntry[] =>
  facts.flatMap((fact) =>
    fact.type !== 'position.booked.v1'
      ? []
      : [
          {
            ticker: ticker(fact.data.symbol),
            strategyId: strategyId(fact.data.strategyId),
            sequence: fact.meta.sequence,
            side: fact.data.side,
            quantityChange: parseQuantity(fact.data.quantityChange),
            paidChange: parseMoney(fact.data.paidChange),
            on: newYorkDate(parseEpochMs(fact.meta.occurredAt)),
            after: {
              quantity: parseQuantity(fact.data.quantity),
              cost: parseMoney(fact.data.cost),
              realizedProfit: parseMoney(fact.data.realizedProfit),
            },
          },
        ],
  );

/** True for the pass that closes the session: the broker has settled the day's ends by then. */
const isOver = ({ session, startedAt }: Pass): boolean => startedAt >= addMs(session.closeAt, AFTER_CLOSE_MS);

/** What the day's journal contradicts, among the books as they stood before it was read. */
async function replayDay(pass: Pass): Promise<void> {
  const { accountId, books, clock, journal, tally } = pass;
  const before = await books.all(accountId);
  const entries = bookedEntriesOf(await journal.byDay(formatEpochMs(clock.now()).slice(0, 10)));
  const after = await books.all(accountId);
  // A book that moved meanwhile is left to the next session's end.
  const still = before.filter((book) =>
    after.some((now) => now.ticker === book.ticker && now.version === book.version),
  );
  const known = new Set(still.map((book) => book.ticker));
  const found = replayProfit(
    entries.filter((entry) => known.has(entry.ticker)),
    still,
    false,
  );
  tally.violations.push(
    ...found.map((violation) => ({
      invariant: 3 as const,
      ticker: violation.ticker,
      subject: `trade journal of ${violation.ticker}`,
      what: `${violation.strategyId}: ${violation.what}`,
    })),
  );
}

/** Before the report is written: its findings belong into it. */
export async function replayAtEnd(pass: Pass): Promise<boolean> {
  if (!isOver(pass)) return false;
  const kept = await pass.reconciliations.session(pass.accountId, pass.session.date);
  if (kept !== null && kept.end !== null) return false;
  await replayDay(pass);
  return true;
}

/** Keeps the figures at the start of the session and at its end. */
export async function keepFigures(pass: Pass, figures: PassFigures, ends: boolean): Promise<void> {
  const { account, accountId, reconciliations, session, startedAt } = pass;
  const begins = account?.reconciledSession !== session.date;
  if (!begins && !ends) return;
  await reconciliations.keepSession(accountId, session.date, { at: startedAt, figures, ended: ends });
}
