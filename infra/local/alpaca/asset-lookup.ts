/** An asset by its symbol or by its id. */
import { IdentityError, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import type { VenueAsset } from '#shared/core/venue/venue-market.ts';
import type { MarketFeed } from './market-feed.ts';
import { assetId } from './wire-order.ts';

const byId = new WeakMap<MarketFeed, ReadonlyMap<string, Ticker>>();

function idsOf(market: MarketFeed): ReadonlyMap<string, Ticker> {
  let ids = byId.get(market);
  if (ids === undefined) {
    ids = new Map(market.assets.map((asset) => [assetId(asset.ticker), asset.ticker]));
    byId.set(market, ids);
  }
  return ids;
}

/** The symbol that a symbol or an asset's id names; null when there is no such asset. */
export function tickerOfSymbolOrId(market: MarketFeed, text: string): Ticker | null {
  return idsOf(market).get(text.toLowerCase()) ?? assetOf(market, text)?.ticker ?? null;
}

export function assetOf(market: MarketFeed, symbol: string): VenueAsset | null {
  try {
    return market.asset(ticker(symbol));
  } catch (error) {
    if (error instanceof IdentityError) return null;
    throw error;
  }
}
