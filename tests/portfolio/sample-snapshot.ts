/** A snapshot in which an entry passes, and a policy that lets it. */
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, correlationId, runId, strategyId, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { type Book, bookFill, emptyBook, shareOf, withShare } from '#shared/core/portfolio/book.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import type { Signal } from '#shared/core/signal/types.ts';

export const ACCOUNT = accountId('paper-1');
export const STRATEGY = strategyId('ma-crossover');
export const [AAPL, MSFT, XOM] = [ticker('AAPL'), ticker('MSFT'), ticker('XOM')];
export const NOW = parseEpochMs('2026-03-09T13:35:00Z');
export const POLICY = firstPolicy([AAPL, MSFT, XOM], [STRATEGY], parseMoney('120000'));

export const signal = (symbol: Ticker, changes: Partial<Signal> = {}): Signal => ({
  strategyId: STRATEGY,
  ticker: symbol,
  kind: 'entry',
  side: 'buy',
  confidence: 0.5,
  reason: { code: 'crossed-up', text: 'crossed', numbers: {} },
  price: 100,
  atr: 2,
  modelVersion: null,
  asOf: calendarDate('2026-03-06'),
  ...changes,
});

export const quoteOf = (symbol: Ticker, at = NOW) =>
  [
    symbol,
    {
      ticker: symbol,
      bid: parsePrice('99.98'),
      bidSize: parseQuantity('1'),
      ask: parsePrice('100'),
      askSize: parseQuantity('1'),
      at: nsOf(at),
    },
  ] as const;

export const snapshot = (signals: readonly Signal[], changes: Partial<Snapshot> = {}): Snapshot => ({
  accountId: ACCOUNT,
  runId: runId('run-1'),
  correlationId: correlationId('run-1'),
  session: calendarDate('2026-03-09'),
  signalSession: calendarDate('2026-03-06'),
  now: NOW,
  signals,
  books: new Map(),
  quotes: new Map([AAPL, MSFT, XOM].map((symbol) => quoteOf(symbol))),
  instruments: new Map([AAPL, MSFT, XOM].map((symbol) => [symbol, equityInstrument(symbol, symbol)] as const)),
  pending: [],
  entryClasses: new Map([[STRATEGY, 'trend']]),
  models: new Map(),
  gates: { entry: null, exit: null },
  equity: parseMoney('120000'),
  cash: parseMoney('120000'),
  equityAtOpen: parseMoney('120000'),
  volatility: { source: 'realised', value: 20, asOf: calendarDate('2026-03-06') },
  correlations: { between: () => ({ long: 0, short: 0 }) },
  ...changes,
});

/** A book in which the strategy holds so many shares. */
export const held = (symbol: Ticker, shares: string): Book => {
  const book = emptyBook(ACCOUNT, symbol);
  const share = bookFill(shareOf(book, STRATEGY), {
    strategyId: STRATEGY,
    side: 'buy',
    quantity: parseQuantity(shares),
    cost: parseMoney('1000'),
    on: calendarDate('2026-03-02'),
  });
  return withShare(book, share);
};
