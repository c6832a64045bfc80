/** Market data: bars, latest quotes, prints and bars, snapshots. */
import { type EpochMs, addMs } from '#shared/core/kernel/instant.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import { assetOf } from './asset-lookup.ts';
import {
  type Answer,
  type ApiRequest,
  ParameterError,
  answer,
  instantOf,
  listOf,
  refuse,
  textOf,
  wholeNumberOf,
  wordOf,
} from './answer.ts';
import type { Desk, Exchange } from './desk.ts';
import type { Adjustment, FeedBar } from './market-feed.ts';
import { type TimeFrame, frameStart, isIntraday, joinBars, parseTimeFrame } from './time-frame.ts';
import { barBody, lastMinuteBar, quoteBody, snapshotBody, tradeBody } from './wire-market.ts';
import type { WireBody } from './wire-order.ts';

const FEEDS = ['sip', 'iex', 'boats', 'otc', 'delayed_sip', 'overnight'] as const;
const RECENT_MS = 15 * 60_000;

/** Known symbols of a list in alphabetical order, without repeats; unknown ones have no data and no key. */
function knownSymbols(exchange: Exchange, symbols: readonly string[]): readonly Ticker[] {
  const known = new Set<Ticker>();
  for (const symbol of symbols) {
    const asset = assetOf(exchange.market, symbol);
    if (asset !== null) known.add(asset.ticker);
  }
  return [...known].sort();
}

function symbolsOf(exchange: Exchange, request: ApiRequest): readonly Ticker[] {
  const symbols = listOf(request.query, 'symbols');
  if (symbols.length === 0) throw new ParameterError('symbols', 'expected at least one symbol');
  return knownSymbols(exchange, symbols);
}

/** The free plan has the SIP feed only when it is older than 15 minutes. */
function isForbidden(exchange: Exchange, query: URLSearchParams, until: EpochMs): boolean {
  const feed = textOf(query, 'feed') === null ? 'iex' : wordOf(query, 'feed', FEEDS, 'iex');
  return exchange.dataPlan === 'free' && feed === 'sip' && until > exchange.now() - RECENT_MS;
}

interface BarsRequest {
  readonly frame: TimeFrame;
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly limit: number;
  readonly adjustment: Adjustment;
  readonly descending: boolean;
  /** Symbol and start of the last bar of the page before. */
  readonly after: { readonly symbol: string; readonly at: number } | null;
}

function readToken(query: URLSearchParams): BarsRequest['after'] {
  const token = textOf(query, 'page_token');
  if (token === null) return null;
  const [symbol, at] = Buffer.from(token, 'base64url').toString('utf8').split('|');
  if (symbol === undefined || at === undefined || !/^\d+$/.test(at))
    throw new ParameterError('page_token', 'not one of ours');
  return { symbol, at: Number(at) };
}

const tokenOf = (symbol: Ticker, bar: FeedBar): string =>
  Buffer.from(`${symbol}|${bar.at}`, 'utf8').toString('base64url');

function readBarsRequest(exchange: Exchange, query: URLSearchParams): BarsRequest {
  const now = exchange.now();
  const frame = parseTimeFrame(textOf(query, 'timeframe') ?? '');
  if (frame === null) throw new ParameterError('timeframe', 'expected one such as 1Min, 1Hour, 1Day, 1Week or 1Month');
  const start = instantOf(query, 'start') ?? newYorkInstant(newYorkDate(now), 0);
  const end = instantOf(query, 'end') ?? now;
  if (end < start) throw new ParameterError('end', 'end should not be before start');
  const words = ['raw', 'split', 'dividend', 'spin-off', 'all'] as const;
  const adjustment = wordOf(query, 'adjustment', words, 'raw');
  return {
    frame,
    start,
    end: end < now ? end : now,
    limit: wholeNumberOf(query, 'limit', 1, 10_000, 1_000),
    adjustment: adjustment === 'split' || adjustment === 'all' ? 'split' : 'raw',
    descending: wordOf(query, 'sort', ['asc', 'desc'], 'asc') === 'desc',
    after: readToken(query),
  };
}

/** Daily bars as they are, or without the last where the fault says so. */
function withoutLast(
  exchange: Exchange,
  symbol: Ticker,
  frame: TimeFrame,
  bars: readonly FeedBar[],
): readonly FeedBar[] {
  if (isIntraday(frame) || exchange.faults.strikes('missing-bars', symbol, { symbol }) === null) return bars;
  return bars.slice(0, -1);
}

/** All bars of one symbol that the request asks for, in its order, from its page on. */
function barsOf(exchange: Exchange, symbol: Ticker, request: BarsRequest): readonly FeedBar[] {
  const { frame, start, end, adjustment, after } = request;
  const now = exchange.now();
  // A bar belongs to the request by its own start, so the frame that holds `start` is read whole and then dropped.
  const from = frameStart(frame, start);
  const base = isIntraday(frame)
    ? exchange.market.minuteBars(symbol, from, end, now, adjustment)
    : exchange.market.dailyBars(symbol, newYorkDate(from), newYorkDate(end), now, adjustment);
  const bars = joinBars(withoutLast(exchange, symbol, frame, base), frame).filter(
    (bar) => bar.at >= start && bar.at <= end,
  );
  const ordered = request.descending ? bars.toReversed() : bars;
  if (after?.symbol !== symbol) return ordered;
  return ordered.filter((bar) => (request.descending ? bar.at < after.at : bar.at > after.at));
}

interface BarsPage {
  readonly bars: Readonly<Record<string, readonly WireBody[]>>;
  readonly next: string | null;
}

/** One page over all symbols: sorted by symbol, then by time; it may end inside a symbol. */
function barsPage(exchange: Exchange, symbols: readonly Ticker[], request: BarsRequest): BarsPage {
  const page: Record<string, readonly WireBody[]> = {};
  let room = request.limit;
  let last: { readonly symbol: Ticker; readonly bar: FeedBar } | null = null;
  for (const symbol of symbols) {
    if (request.after !== null && symbol < request.after.symbol) continue;
    const bars = barsOf(exchange, symbol, request);
    if (bars.length === 0) continue;
    const taken = bars.slice(0, room);
    room -= taken.length;
    if (taken.length > 0) page[symbol] = taken.map(barBody);
    const final = taken.at(-1);
    if (final !== undefined) last = { symbol, bar: final };
    if (taken.length < bars.length) return { bars: page, next: last === null ? null : tokenOf(last.symbol, last.bar) };
  }
  return { bars: page, next: null };
}

export function getBars(exchange: Exchange, _: Desk, request: ApiRequest): Answer {
  const bars = readBarsRequest(exchange, request.query);
  if (isForbidden(exchange, request.query, bars.end)) return refuse('feed-not-subscribed');
  const page = barsPage(exchange, symbolsOf(exchange, request), bars);
  return answer({ bars: page.bars, next_page_token: page.next });
}

export function getBarsOfSymbol(exchange: Exchange, _: Desk, request: ApiRequest, symbol: string): Answer {
  const bars = readBarsRequest(exchange, request.query);
  if (isForbidden(exchange, request.query, bars.end)) return refuse('feed-not-subscribed');
  const page = barsPage(exchange, knownSymbols(exchange, [symbol]), bars);
  return answer({ bars: page.bars[symbol] ?? [], symbol, next_page_token: page.next });
}

/** The instant whose prices are told, which lies back where the fault says so. */
function pricesAt(exchange: Exchange): EpochMs {
  const strike = exchange.faults.strikes('stale-quotes', String(exchange.requestCount));
  return strike === null ? exchange.now() : addMs(exchange.now(), -strike.number('ms'));
}

const BODIES: Readonly<Record<string, (exchange: Exchange, symbol: Ticker, at: EpochMs) => WireBody | null>> = {
  quotes: (exchange, symbol, at) => {
    const quote = exchange.market.quoteAt(symbol, at);
    return quote === null ? null : quoteBody(quote);
  },
  trades: (exchange, symbol, at) => {
    const trade = exchange.market.tradeAt(symbol, at);
    return trade === null ? null : tradeBody(trade);
  },
  bars: (exchange, symbol, at) => {
    const bar = lastMinuteBar(exchange.market, symbol, at);
    return bar === null ? null : barBody(bar);
  },
};

/** `kind` is quotes, trades or bars. */
export function getLatest(exchange: Exchange, _: Desk, request: ApiRequest, kind: string): Answer {
  if (isForbidden(exchange, request.query, exchange.now())) return refuse('feed-not-subscribed');
  const found: Record<string, WireBody> = {};
  const at = pricesAt(exchange);
  for (const symbol of symbolsOf(exchange, request)) {
    const body = BODIES[kind]?.(exchange, symbol, at) ?? null;
    if (body !== null) found[symbol] = body;
  }
  return answer({ [kind]: found });
}

export function getLatestOfSymbol(
  exchange: Exchange,
  _: Desk,
  request: ApiRequest,
  symbol: string,
  kind: string,
): Answer {
  if (isForbidden(exchange, request.query, exchange.now())) return refuse('feed-not-subscribed');
  const known = knownSymbols(exchange, [symbol])[0];
  const body = known === undefined ? null : (BODIES[kind]?.(exchange, known, pricesAt(exchange)) ?? null);
  if (body === null) return refuse('data-parameter-invalid', { parameter: 'symbol', reason: symbol });
  return answer({ symbol, [kind.slice(0, -1)]: body });
}

export function getSnapshots(exchange: Exchange, _: Desk, request: ApiRequest): Answer {
  if (isForbidden(exchange, request.query, exchange.now())) return refuse('feed-not-subscribed');
  const found: Record<string, WireBody> = {};
  const at = pricesAt(exchange);
  for (const symbol of symbolsOf(exchange, request)) {
    const body = snapshotBody(exchange.market, symbol, at);
    if (body !== null) found[symbol] = body;
  }
  return answer(found);
}

export function getSnapshotOfSymbol(exchange: Exchange, _: Desk, request: ApiRequest, symbol: string): Answer {
  if (isForbidden(exchange, request.query, exchange.now())) return refuse('feed-not-subscribed');
  const known = knownSymbols(exchange, [symbol])[0];
  const body = known === undefined ? null : snapshotBody(exchange.market, known, pricesAt(exchange));
  if (body === null) return refuse('data-parameter-invalid', { parameter: 'symbol', reason: symbol });
  return answer({ symbol, ...body });
}
