/** Which stored quotes tell a price now. */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { msOf } from '#shared/core/kernel/instant.ts';
import type { StoredQuote } from '#shared/ports/market-store.ts';
import type { Look } from './look.ts';

/** Two slots of the quotes; an older one is no price that a stop could be held to. */
const QUOTE_AGE_MS_MAX = 120_000;

/** Those of this session that were read just now; none while no session is open. */
export function usableQuotes(
  { open, now }: Pick<Look, 'open' | 'now'>,
  found: ReadonlyMap<Ticker, StoredQuote>,
): ReadonlyMap<Ticker, StoredQuote> {
  if (open === null) return new Map();
  return new Map(
    [...found].filter(([, { quote, readAt }]) => now - readAt <= QUOTE_AGE_MS_MAX && msOf(quote.at) >= open.openAt),
  );
}
