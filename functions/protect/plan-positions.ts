/** The facts that each position is planned on: quotes of this session, and the range of the session before its entry. */
import type { Price } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { Quote } from '#shared/core/market/types.ts';
import { heldSide } from '#shared/core/portfolio/stop-rule.ts';
import {
  isReckoned,
  type PositionPlan,
  planPosition,
  type ProtectedShare,
  sharesToProtect,
} from '#shared/core/safety/position-plan.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Look, ProtectDependencies } from './look.ts';
import { usableQuotes } from './usable-quotes.ts';

/** The quotes that a stop may be held to: of this session, and read just now. */
async function readPrices(
  { marketStore }: { readonly marketStore: MarketStore },
  look: Look,
  symbols: readonly Ticker[],
): Promise<ReadonlyMap<Ticker, Quote>> {
  if (look.open === null || symbols.length === 0) return new Map();
  const usable = usableQuotes(look, await marketStore.loadQuotes(symbols));
  return new Map([...usable].map(([symbol, { quote }]) => [symbol, quote]));
}

/** The range of a share that is held, where its stop is reckoned by it. */
async function rangeOf(
  { ranges }: ProtectDependencies,
  { now, today }: Look,
  { book, share }: ProtectedShare,
): Promise<Price | null> {
  const { openedOn } = share;
  if (openedOn === null || heldSide(share) === null || !isReckoned(book)) return null;
  return await ranges.rangeOf(book.ticker, openedOn, today?.date ?? newYorkDate(now));
}

/** A plan for every share that is held, or of which a stop is left at the broker. */
export async function planPositions(dependencies: ProtectDependencies, look: Look): Promise<readonly PositionPlan[]> {
  const shares = sharesToProtect(look);
  const symbols = [...new Set(shares.map(({ book }) => book.ticker))];
  const prices = await readPrices(dependencies, look, symbols);
  const plans: PositionPlan[] = [];
  for (const one of shares) {
    const range = await rangeOf(dependencies, look, one);
    plans.push(planPosition(look, one, { quote: prices.get(one.book.ticker) ?? null, range }));
  }
  return plans;
}
