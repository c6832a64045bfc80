/** The last look at a session: profit computed again from the trade journal, and what the session came to. */
import type { AnyFact } from '#events/catalogue.ts';
import {
  addMoney,
  averagePrice,
  notionalOf,
  parseMoney,
  parseQuantity,
  type Price,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import { clientOrderIdOf, strategyId, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, formatEpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { Quote } from '#shared/core/market/types.ts';
import type { Order } from '#shared/core/order/order.ts';
import { AFTER_CLOSE_MS } from '#shared/core/order/unknown-fate.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { type BookedEntry, replayProfit } from '#shared/core/reconcile/profit.ts';
import { performanceOf, type SessionPerformance } from '#shared/core/reconcile/session-performance.ts';
import type { PassFigures, SessionRecord } from '#shared/ports/reconciliations.ts';
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

/** The session's last pass has come: the broker has settled the day's ends. */
export interface Closing {
  readonly kept: SessionRecord | null;
  /** From the session's day up to now. */
  readonly facts: readonly AnyFact[];
}

/** @returns null before the session is over, and once it has been closed */
export async function beginClosing(pass: Pass): Promise<Closing | null> {
  const { accountId, clock, inSession, journal, reconciliations, session, startedAt } = pass;
  if (startedAt < addMs(session.closeAt, AFTER_CLOSE_MS)) return null;
  const kept = await reconciliations.session(accountId, session.date);
  if (kept !== null && kept.end !== null) return null;
  // A pass on a later day has nothing to say of a session that none has begun.
  if (kept === null && !inSession) return null;
  // A session lies within one UTC day, which bears its date; a late close has more to read.
  const facts = [];
  const today = dayNumberOf(calendarDate(formatEpochMs(clock.now()).slice(0, 10)));
  for (let day = dayNumberOf(session.date); day <= today; day += 1) {
    facts.push(...(await journal.byDay(dateOfDayNumber(day))));
  }
  return { kept, facts };
}

/** Invariant 3: what the day's journal comes to is what the books hold. */
export async function replayDay({ accountId, books, tally }: Pass, before: readonly Book[], { facts }: Closing) {
  const after = await books.all(accountId);
  // A book that moved while the journal was read is left to the next session's end.
  const still = before.filter((book) =>
    after.some((now) => now.ticker === book.ticker && now.version === book.version),
  );
  const known = new Set(still.map((book) => book.ticker));
  const entries = bookedEntriesOf(facts).filter((entry) => known.has(entry.ticker));
  tally.violations.push(
    ...replayProfit(entries, still, false).map((violation) => ({
      invariant: 3 as const,
      ticker: violation.ticker,
      subject: `trade journal of ${violation.ticker}`,
      what: `${violation.strategyId}: ${violation.what}`,
    })),
  );
}

/** What the session came to; the start is the end where no pass could keep it. */
export async function performance(
  pass: Pass,
  books: readonly Book[],
  end: PassFigures,
  { kept, facts }: Closing,
): Promise<SessionPerformance> {
  const held = books.filter((book) => book.shares.some(({ quantity }) => quantity !== 0n));
  const quotes = await pass.marketStore.loadQuotes(held.map((book) => book.ticker));
  const marks = new Map([...quotes].flatMap(([symbol, { quote }]) => markOf(symbol, quote)));
  const ended = await endedOrders(pass, facts);
  return performanceOf({ start: kept?.start.figures ?? end, end, books, marks, ended });
}

const ONE = wholeQuantity(1);
const TWO = wholeQuantity(2);

/** The middle of the quote. */
const markOf = (symbol: Ticker, { bid, ask }: Quote): readonly (readonly [Ticker, Price])[] =>
  bid === null || ask === null
    ? []
    : [[symbol, averagePrice(addMoney(notionalOf(bid, ONE), notionalOf(ask, ONE)), TWO, 'half-even')]];

const ENDS: ReadonlySet<string> = new Set([
  'order.filled.v1',
  'order.canceled.v1',
  'order.expired.v1',
  'order.replaced.v1',
]);

async function endedOrders({ orders }: Pass, facts: readonly AnyFact[]): Promise<readonly Order[]> {
  const ids = new Set(
    facts.flatMap((fact) => (ENDS.has(fact.type) && 'clientOrderId' in fact.data ? [fact.data.clientOrderId] : [])),
  );
  const found: Order[] = [];
  for (const id of [...ids].sort()) {
    const order = await orders.get(clientOrderIdOf(id));
    if (order !== null) found.push(order);
  }
  return found;
}
