/** Alpaca's market data behind the port: daily bars, latest quotes and latest trades of stocks. */
import * as z from 'zod';
import type { Price } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, formatEpochMs, msOf } from '#shared/core/kernel/instant.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import type { Quote, TradePrint } from '#shared/core/market/types.ts';
import type { DailyBar, MarketData } from '#shared/ports/broker.ts';
import type { RequestGate } from '#shared/ports/request-gate.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { AlpacaEndpoints } from './endpoints.ts';
import { type AlpacaHttp, alpacaHttp } from './http-client.ts';
import { instant, maybePrice, maybeText, price, quantity, statistic } from './wire-fields.ts';

export interface AlpacaMarketDataOptions {
  readonly endpoints: AlpacaEndpoints;
  readonly telemetry: Telemetry;
  /** The budget and circuit of the data service, which the broker counts apart from trading. */
  readonly gate?: RequestGate;
  /** Of each request, repeats included. Default 10 s. */
  readonly deadlineMs?: number;
  /** Of one try. Default 4 s. */
  readonly tryMs?: number;
  /** Default the best that the account's plan allows. */
  readonly feed?: 'sip' | 'iex';
}

/** Keeps an address within what every proxy takes: 100 symbols are some 600 characters. */
const SYMBOLS_MAX = 100;
/** The most that one page holds. */
const BARS_MAX = 10_000;
/** 100 symbols of 40 years fill 101 pages. */
const PAGES_MAX = 200;

const wireBar = z.object({ t: instant, o: statistic, h: statistic, l: statistic, c: statistic, v: statistic });
const barPage = z.object({
  // Without data the map is empty, absent or null.
  bars: z.record(z.string(), z.array(wireBar)).nullish(),
  next_page_token: maybeText,
});

const wireQuote = z.object({ t: instant, bp: maybePrice, bs: quantity, ap: maybePrice, as: quantity });
const quoteAnswer = z.object({ quotes: z.record(z.string(), wireQuote).nullish() });

const wireTrade = z.object({ t: instant, p: price.refine((paid) => paid > 0n, 'a trade has a price'), s: quantity });
const tradeAnswer = z.object({ trades: z.record(z.string(), wireTrade).nullish() });

const chunksOf = (symbols: readonly Ticker[]): readonly (readonly Ticker[])[] => {
  const distinct = [...new Set(symbols)];
  return Array.from({ length: Math.ceil(distinct.length / SYMBOLS_MAX) }, (_, index) =>
    distinct.slice(index * SYMBOLS_MAX, (index + 1) * SYMBOLS_MAX),
  );
};

const barOf = (ticker: Ticker, wire: z.output<typeof wireBar>): DailyBar => ({
  ticker,
  // A daily bar starts at New York's midnight, 04:00 or 05:00 UTC.
  date: newYorkDate(msOf(wire.t)),
  open: wire.o,
  high: wire.h,
  low: wire.l,
  close: wire.c,
  volume: wire.v,
});

/** @throws Fault `transient` where a symbol's days do not ascend: a page was told twice, or torn. */
function ascending(bars: readonly DailyBar[]): readonly DailyBar[] {
  bars.forEach((bar, index) => {
    const before = bars[index - 1];
    if (before !== undefined && before.date >= bar.date) {
      const message = `daily bars of ${bar.ticker}: ${bar.date} follows ${before.date}`;
      throw new Fault('transient', 'broker-answer-inconsistent', message);
    }
  });
  return bars;
}

async function barsOf(
  http: AlpacaHttp,
  symbols: readonly Ticker[],
  query: Readonly<Record<string, string>>,
): Promise<readonly DailyBar[]> {
  const bySymbol = new Map<Ticker, DailyBar[]>(symbols.map((symbol) => [symbol, []]));
  const tokens = new Set<string>();
  let token: string | null = null;
  while (tokens.size < PAGES_MAX) {
    const answer: z.output<typeof barPage> = await http.read(
      {
        kind: 'read',
        path: '/v2/stocks/bars',
        query: { ...query, symbols: symbols.join(','), ...(token === null ? {} : { page_token: token }) },
      },
      barPage,
    );
    for (const [ticker, bars] of bySymbol) {
      bars.push(...(answer.bars?.[ticker] ?? []).map((bar) => barOf(ticker, bar)));
    }
    token = answer.next_page_token;
    if (token === null) return [...bySymbol.values()].flatMap(ascending);
    if (tokens.has(token)) break;
    tokens.add(token);
  }
  const message = `the pages of daily bars lead in a circle, or do not end after ${tokens.size}`;
  throw new Fault('permanent', 'broker-answer-inconsistent', message);
}

/** A side that nobody quotes is told as a price of zero. */
const quotedPrice = (value: Price | null): Price | null => (value !== null && value > 0n ? value : null);

const quoteOf = (ticker: Ticker, wire: z.output<typeof wireQuote>): Quote => ({
  ticker,
  bid: quotedPrice(wire.bp),
  bidSize: wire.bs,
  ask: quotedPrice(wire.ap),
  askSize: wire.as,
  at: wire.t,
});

const tradeOf = (ticker: Ticker, wire: z.output<typeof wireTrade>): TradePrint => ({
  ticker,
  price: wire.p,
  size: wire.s,
  at: wire.t,
});

/** What the answer says of each symbol that was asked for; what it does not name is absent. */
function pick<W, T>(
  symbols: readonly Ticker[],
  answer: Readonly<Record<string, W>> | null | undefined,
  make: (ticker: Ticker, wire: W) => T,
): readonly (readonly [Ticker, T])[] {
  return symbols.flatMap((symbol) => {
    const wire = answer?.[symbol];
    return wire === undefined ? [] : [[symbol, make(symbol, wire)] as const];
  });
}

/** The port over Alpaca's data service. */
export function alpacaMarketData(options: AlpacaMarketDataOptions): MarketData {
  const { endpoints, feed, ...rest } = options;
  const http = alpacaHttp({ ...rest, credentials: endpoints.credentials, baseUrl: endpoints.dataUrl });
  const feedQuery: Readonly<Record<string, string>> = feed === undefined ? {} : { feed };
  const latest = async <W, T>(
    what: 'quotes' | 'trades',
    symbols: readonly Ticker[],
    read: (
      path: string,
      query: Readonly<Record<string, string>>,
    ) => Promise<Readonly<Record<string, W>> | null | undefined>,
    make: (ticker: Ticker, wire: W) => T,
  ): Promise<ReadonlyMap<Ticker, T>> => {
    const found: (readonly [Ticker, T])[] = [];
    for (const chunk of chunksOf(symbols)) {
      const answer = await read(`/v2/stocks/${what}/latest`, { ...feedQuery, symbols: chunk.join(',') });
      found.push(...pick(chunk, answer, make));
    }
    return new Map(found);
  };
  return {
    async dailyBars(symbols, from: CalendarDate, to: CalendarDate) {
      const query = {
        ...feedQuery,
        timeframe: '1Day',
        adjustment: 'split',
        limit: String(BARS_MAX),
        start: formatEpochMs(newYorkInstant(from, 0)),
        // The start of the last day's bar, inclusive: a later end would touch the minutes that a free plan may not read.
        end: formatEpochMs(newYorkInstant(to, 0)),
      };
      const bars: DailyBar[] = [];
      for (const chunk of chunksOf(symbols)) bars.push(...(await barsOf(http, chunk, query)));
      return bars;
    },
    latestQuotes: (symbols) =>
      latest(
        'quotes',
        symbols,
        async (path, query) => (await http.read({ kind: 'read', path, query }, quoteAnswer)).quotes,
        quoteOf,
      ),
    latestTrades: (symbols) =>
      latest(
        'trades',
        symbols,
        async (path, query) => (await http.read({ kind: 'read', path, query }, tradeAnswer)).trades,
        tradeOf,
      ),
  };
}
