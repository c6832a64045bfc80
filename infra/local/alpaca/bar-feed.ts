/** A market made of daily bars: prices follow a path through each bar, drawn from the seed. */
import { type Price, parseQuantity, proratePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, type EpochMs, epochMs, nsOf } from '#shared/core/kernel/instant.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import type { Split } from '#shared/core/market/splits.ts';
import type { BarColumns, Quote, Session, TradePrint } from '#shared/core/market/types.ts';
import { chanceOf } from '#shared/core/venue/fingerprint.ts';
import {
  type PricePath,
  firstInstantOnPath,
  highOf,
  lowOf,
  priceAt,
  pricePath,
} from '#shared/core/venue/price-path.ts';
import { indexOfSessionClosingAfter, lastClosedSession, sessionAt } from '#shared/core/venue/session-index.ts';
import type { PriceTest, SessionBar, VenueAsset } from '#shared/core/venue/venue-market.ts';
import type { Adjustment, FeedBar, MarketFeed } from './market-feed.ts';
import { barSoFar, minuteBarsOf } from './intraday-bars.ts';

export interface BarFeedOptions {
  /** As traded; a split takes effect with the session of its date. */
  readonly bars: readonly BarColumns[];
  readonly sessions: readonly Session[];
  readonly seed: number;
  /** Ascending by date. */
  readonly splits?: readonly Split[];
  /** Those that differ from an ordinary share; an asset without bars is known and has no price. */
  readonly assets?: readonly VenueAsset[];
}

const SMALLEST_QUANTITY = parseQuantity('0.000000001');

/** An ordinary share of a large company. */
export const ordinaryAsset = (ticker: Ticker): VenueAsset => ({
  ticker,
  name: `${ticker} Common Stock`,
  assetClass: 'equity',
  exchange: 'NASDAQ',
  active: true,
  tradable: true,
  fractionable: true,
  shortable: true,
  easyToBorrow: true,
  marginable: true,
  quantityStep: SMALLEST_QUANTITY,
  quantityMin: SMALLEST_QUANTITY,
});

interface Listing {
  readonly asset: VenueAsset;
  readonly columns: BarColumns | null;
  readonly splits: readonly Split[];
  /** The path last asked for. */
  path: { readonly index: number; readonly value: PricePath } | null;
  /** Index of the bar that was asked for last: sessions mostly come one after the other. */
  cursor: number;
}

/** Index of the last bar at or before a date; -1 when there is none. */
function lastBarAt(columns: BarColumns, date: CalendarDate): number {
  let low = 0;
  let high = columns.dates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.dates[middle] ?? '') <= date) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const cell = (column: Float64Array, index: number): number => column[index] ?? Number.NaN;

/** Shares now for one share then: splits after a date that have taken effect by an instant. */
function splitsSince(splits: readonly Split[], date: CalendarDate, now: EpochMs): readonly Split[] {
  if (splits.length === 0) return splits;
  const today = newYorkDate(now);
  return splits.filter((split) => split.date > date && split.date <= today);
}

const restatePrice = (price: Price, splits: readonly Split[]): Price =>
  splits.reduce((value, split) => proratePrice(value, BigInt(split.from), BigInt(split.to), 'half-even'), price);

/** As `adjustForSplits` does it, one split after the other, so that both come to the same numbers. */
const restateBar = (bar: FeedBar, splits: readonly Split[]): FeedBar =>
  splits.reduce((restated, { to, from }) => {
    const ratio = to / from;
    return {
      ...restated,
      open: restated.open / ratio,
      high: restated.high / ratio,
      low: restated.low / ratio,
      close: restated.close / ratio,
      vwap: restated.vwap / ratio,
      volume: restated.volume * ratio,
    };
  }, bar);

interface BarMarket {
  readonly sessions: readonly Session[];
  readonly sessionByDate: ReadonlyMap<CalendarDate, Session>;
  readonly listings: ReadonlyMap<Ticker, Listing>;
  readonly seed: number;
}

/** A feed over daily bars. @throws Error when a symbol has two sets of bars. */
export function barFeed(options: BarFeedOptions): MarketFeed {
  const market: BarMarket = {
    sessions: options.sessions,
    sessionByDate: new Map(options.sessions.map((session) => [session.date, session])),
    listings: listingsOf(options),
    seed: options.seed,
  };
  return {
    sessions: options.sessions,
    splits: options.splits ?? [],
    assets: [...market.listings.values()].map((listing) => listing.asset),
    asset: (symbol) => market.listings.get(symbol)?.asset ?? null,
    quoteAt: (symbol, at) => quoteOf(market, symbol, at),
    tradeAt: (symbol, at) => tradeOf(market, symbol, at),
    barAt: (symbol, at) => barOf(market, symbol, at),
    firstInstant: (symbol, test, from, until) => firstInstantOf(market, symbol, test, from, until),
    dailyBars: (symbol, from, to, now, adjustment) => dailyBarsOf(market, symbol, from, to, now, adjustment),
    minuteBars: (symbol, from, to, now, adjustment) => minuteBarsIn(market, symbol, from, to, now, adjustment),
  };
}

function pathAt(market: BarMarket, listing: Listing, index: number): PricePath | null {
  if (listing.path?.index === index) return listing.path.value;
  const { columns } = listing;
  const date = columns?.dates[index];
  const session = date === undefined ? undefined : market.sessionByDate.get(date);
  if (columns === null || session === undefined) return null;
  const bar = {
    open: cell(columns.open, index),
    high: cell(columns.high, index),
    low: cell(columns.low, index),
    close: cell(columns.close, index),
  };
  const value = pricePath(bar, session, market.seed, columns.ticker);
  listing.path = { index, value };
  return value;
}

/** The session's own path; null where there is no session or it has no bar. */
function livePath(market: BarMarket, listing: Listing | undefined, session: Session | null): PricePath | null {
  if (listing === undefined || session === null || listing.columns === null) return null;
  const { dates } = listing.columns;
  if (dates[listing.cursor] !== session.date) {
    const isNext = dates[listing.cursor + 1] === session.date;
    listing.cursor = isNext ? listing.cursor + 1 : lastBarAt(listing.columns, session.date);
  }
  return dates[listing.cursor] === session.date ? pathAt(market, listing, listing.cursor) : null;
}

interface Resting {
  readonly price: Price;
  readonly at: EpochMs;
}

/** The last close before an instant outside sessions, or in one that has no bar, restated for splits since. */
function restingPrice(market: BarMarket, listing: Listing, of: PriceTest['of'], at: EpochMs): Resting | null {
  const closed = lastClosedSession(market.sessions, at);
  if (listing.columns === null || closed === null) return null;
  const index = lastBarAt(listing.columns, closed.date);
  const date = listing.columns.dates[index];
  const session = date === undefined ? undefined : market.sessionByDate.get(date);
  const path = pathAt(market, listing, index);
  if (session === undefined || path === null) return null;
  const price = restatePrice(priceAt(path, of, session.closeAt), splitsSince(listing.splits, session.date, at));
  return { price, at: session.closeAt };
}

/** 100 to 900 shares, anew each second. */
const sizeAt = (market: BarMarket, symbol: Ticker, at: EpochMs): Quote['bidSize'] =>
  wholeQuantity(100 * (1 + Math.floor(9 * chanceOf(market.seed, 'size:', symbol, Math.floor(at / 1_000)))));

/** In a session without a bar nobody quotes. */
function quoteOf(market: BarMarket, symbol: Ticker, at: EpochMs): Quote | null {
  const listing = market.listings.get(symbol);
  if (listing === undefined) return null;
  const size = sizeAt(market, symbol, at);
  const session = sessionAt(market.sessions, at);
  if (session !== null) {
    const path = livePath(market, listing, session);
    const [bid, ask] = path === null ? [null, null] : [priceAt(path, 'bid', at), priceAt(path, 'ask', at)];
    return { ticker: symbol, bid, bidSize: size, ask, askSize: size, at: nsOf(at) };
  }
  const bid = restingPrice(market, listing, 'bid', at);
  const ask = restingPrice(market, listing, 'ask', at);
  if (bid === null || ask === null) return null;
  return { ticker: symbol, bid: bid.price, bidSize: size, ask: ask.price, askSize: size, at: nsOf(bid.at) };
}

function tradeOf(market: BarMarket, symbol: Ticker, at: EpochMs): TradePrint | null {
  const listing = market.listings.get(symbol);
  if (listing === undefined) return null;
  const path = livePath(market, listing, sessionAt(market.sessions, at));
  const size = sizeAt(market, symbol, at);
  if (path !== null) return { ticker: symbol, price: priceAt(path, 'trade', at), size, at: nsOf(at) };
  const resting = restingPrice(market, listing, 'trade', at);
  return resting === null ? null : { ticker: symbol, price: resting.price, size, at: nsOf(resting.at) };
}

/** The bar as its session's prints have it. */
function barOf(market: BarMarket, symbol: Ticker, at: EpochMs): SessionBar | null {
  const listing = market.listings.get(symbol);
  const session = sessionAt(market.sessions, at);
  const path = livePath(market, listing, session);
  if (listing === undefined || listing.columns === null || session === null || path === null) return null;
  return {
    open: priceAt(path, 'trade', session.openAt),
    high: highOf(path),
    low: lowOf(path),
    volume: wholeQuantity(Math.floor(cell(listing.columns.volume, listing.cursor))),
  };
}

function firstInstantOf(
  market: BarMarket,
  symbol: Ticker,
  test: PriceTest,
  from: EpochMs,
  until: EpochMs,
): EpochMs | null {
  const { sessions } = market;
  for (let index = indexOfSessionClosingAfter(sessions, from); index < sessions.length; index += 1) {
    const session = sessions[index];
    if (session === undefined || session.openAt > until) return null;
    const path = livePath(market, market.listings.get(symbol), session);
    const start = from > session.openAt ? from : session.openAt;
    const end = until < session.closeAt ? until : epochMs(session.closeAt - 1);
    const found = path === null ? null : firstInstantOnPath(path, test, start, end);
    if (found !== null) return found;
  }
  return null;
}

function dailyBarsOf(
  market: BarMarket,
  symbol: Ticker,
  from: CalendarDate,
  to: CalendarDate,
  now: EpochMs,
  adjustment: Adjustment,
): readonly FeedBar[] {
  const listing = market.listings.get(symbol);
  const columns = listing?.columns ?? null;
  if (listing === undefined || columns === null) return [];
  const found: FeedBar[] = [];
  for (let index = Math.max(0, lastBarAt(columns, from)); index < columns.dates.length; index += 1) {
    const date = columns.dates[index];
    if (date === undefined || date < from) continue;
    const session = market.sessionByDate.get(date);
    if (date > to || session === undefined || session.openAt > now) break;
    const at = newYorkInstant(date, 0);
    const path = session.closeAt > now ? pathAt(market, listing, index) : null;
    const volume = cell(columns.volume, index);
    const bar = path === null ? wholeBar(columns, index, at) : barSoFar(path, session, volume, at, session.openAt, now);
    const since = adjustment === 'split' ? splitsSince(listing.splits, date, now) : [];
    found.push(restateBar(bar, since));
  }
  return found;
}

function minuteBarsIn(
  market: BarMarket,
  symbol: Ticker,
  from: EpochMs,
  to: EpochMs,
  now: EpochMs,
  adjustment: Adjustment,
): readonly FeedBar[] {
  const listing = market.listings.get(symbol);
  const columns = listing?.columns ?? null;
  if (listing === undefined || columns === null) return [];
  const found: FeedBar[] = [];
  for (let index = indexOfSessionClosingAfter(market.sessions, from); index < market.sessions.length; index += 1) {
    const session = market.sessions[index];
    if (session === undefined || session.openAt > to || session.openAt > now) break;
    const path = livePath(market, listing, session);
    if (path === null) continue;
    const volume = cell(columns.volume, lastBarAt(columns, session.date));
    const since = adjustment === 'split' ? splitsSince(listing.splits, session.date, now) : [];
    for (const bar of minuteBarsOf(path, session, volume, from, to, now)) found.push(restateBar(bar, since));
  }
  return found;
}

/** A completed bar, as it is in the data. */
function wholeBar(columns: BarColumns, index: number, at: EpochMs): FeedBar {
  const [open, high] = [cell(columns.open, index), cell(columns.high, index)];
  const [low, close] = [cell(columns.low, index), cell(columns.close, index)];
  const volume = cell(columns.volume, index);
  const trades = Math.max(1, Math.floor(volume / 100));
  return { at, open, high, low, close, volume, trades, vwap: (open + high + low + close) / 4 };
}

function listingsOf(options: BarFeedOptions): ReadonlyMap<Ticker, Listing> {
  const listings = new Map<Ticker, Listing>();
  const special = new Map((options.assets ?? []).map((asset) => [asset.ticker, asset]));
  for (const columns of options.bars) {
    if (listings.has(columns.ticker)) throw new Error(`two sets of bars for ${columns.ticker}`);
    const splits = (options.splits ?? []).filter((split) => split.ticker === columns.ticker);
    const asset = special.get(columns.ticker) ?? ordinaryAsset(columns.ticker);
    listings.set(columns.ticker, { asset, columns, splits, path: null, cursor: 0 });
  }
  for (const asset of special.values()) {
    if (!listings.has(asset.ticker)) {
      listings.set(asset.ticker, { asset, columns: null, splits: [], path: null, cursor: 0 });
    }
  }
  return listings;
}
