/**
 * Holds the first prices of a session against the closes before: what jumped like a split is stopped until a person has
 * restated it, and lifts that.
 */
import { approximatePrice } from '#shared/core/kernel/decimal.ts';
import { lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { splitInPrices } from '#shared/core/reconcile/splits.ts';
import type { StoredQuote } from '#shared/ports/market-store.ts';
import type { Look } from './look.ts';
import type { Pass } from './pass.ts';

/** @returns true when the session needs no further look */
export async function checkSplits(pass: Pass, seen: Look): Promise<boolean> {
  const { clock, mark, marketStore, session } = pass;
  if (mark?.splitsCheckedOn === session.date) return true;
  if (clock.now() < session.openAt) return false;
  const held = heldBooks(pass, seen);
  if (held.length === 0) return true;
  const symbols = held.map(({ ticker }) => ticker);
  const year = Number(session.date.slice(0, 4));
  const quotes = await marketStore.loadQuotes(symbols);
  const fresh = new Map([...quotes].filter(([, quote]) => quote.readAt >= session.openAt));
  // The first quotes of the session come within a minute or two of its open.
  if (fresh.size === 0) return false;
  const bars = await marketStore.loadBars(symbols, year - 1, year);
  for (const book of held) await checkSymbol(pass, book, fresh.get(book.ticker), bars.get(book.ticker));
  return true;
}

/** Books that a split would touch; one that was adjusted since the last close has been looked at by a person. */
function heldBooks({ session }: Pass, { adjusted, books }: Look): readonly Book[] {
  const { closeAt } = lastCompletedSession(session.openAt);
  const isHeld = (book: Book): boolean => book.shares.some(({ quantity }) => quantity !== 0n);
  return books.filter(
    (book) => (isHeld(book) || book.openOrders.length > 0) && (adjusted.at.get(book.ticker) ?? 0) <= closeAt,
  );
}

async function checkSymbol(
  { accountId, books, clock, correlationId, session }: Pass,
  { ticker }: Book,
  stored: StoredQuote | undefined,
  bars: BarColumns | undefined,
): Promise<void> {
  const { bid, ask } = stored?.quote ?? { bid: null, ask: null };
  const before = bars?.dates.findLastIndex((date) => date < session.date) ?? -1;
  const close = bars?.close[before];
  if (bid === null || ask === null || close === undefined) return;
  const now = (approximatePrice(bid) + approximatePrice(ask)) / 2;
  const ratio = splitInPrices(close, now);
  if (ratio === null) return;
  const message = `the price jumped from ${close} to ${now}: like a split of ${ratio.to} for ${ratio.from}`;
  await books.quarantine(accountId, ticker, { code: 'price-jump', message, at: clock.now() }, correlationId);
}
