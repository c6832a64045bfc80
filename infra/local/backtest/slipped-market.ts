/** A market that fills worse than it quotes: every bid and ask is moved against whoever takes it. */
import { slippedPrice } from '#shared/core/venue/fill-costs.ts';
import type { VenueMarket } from '#shared/core/venue/venue-market.ts';

/** @param slippagePerMillion 750 is 7.5 basis points; 0 leaves the market as it is */
export function slippedMarket(market: VenueMarket, slippagePerMillion: number): VenueMarket {
  if (slippagePerMillion === 0) return market;
  return {
    sessions: market.sessions,
    splits: market.splits,
    asset: (symbol) => market.asset(symbol),
    tradeAt: (symbol, at) => market.tradeAt(symbol, at),
    barAt: (symbol, at) => market.barAt(symbol, at),
    firstInstant: (symbol, test, from, until) => market.firstInstant(symbol, test, from, until),
    quoteAt: (symbol, at) => {
      const quote = market.quoteAt(symbol, at);
      if (quote === null) return null;
      const bid = quote.bid === null ? null : slippedPrice('sell', quote.bid, slippagePerMillion);
      const ask = quote.ask === null ? null : slippedPrice('buy', quote.ask, slippagePerMillion);
      return { ...quote, bid, ask };
    },
  };
}
