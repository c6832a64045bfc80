/** Facts on which an entry of ten AAPL at about 100 is cleared, to be changed one at a time. */
import { parseMoney, parsePrice, parseQuantity, ZERO_MONEY, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import {
  accountId,
  clientOrderIdOf,
  correlationId,
  decisionId,
  strategyId,
  ticker,
} from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { sessionOf } from '#shared/core/market/session-calendar.ts';
import type { Quote } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { type Book, emptyBook, type OpenOrderMark, type StrategyShare } from '#shared/core/portfolio/book.ts';
import { type Exposure, NO_PACE } from '#shared/core/portfolio/exposure.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { ClearingFacts, DeployedLimits } from '#shared/core/risk/check.ts';
import { NO_SWITCHES } from '#shared/core/risk/switches.ts';
import { DISENGAGED, type StrategySafety } from '#shared/core/safety/safety-facts.ts';

const ACCOUNT = accountId('paper-1');
export const STRATEGY = strategyId('ma-crossover');
export const SYMBOL = ticker('AAPL');
const SESSION = calendarDate('2026-03-09');
/** 10:00 in New York. */
export const NOW = parseEpochMs('2026-03-09T14:00:00Z');
const EQUITY = parseMoney('100000');

export const POLICY: Policy = firstPolicy([SYMBOL], [STRATEGY], EQUITY);

export const UNLIMITED: DeployedLimits = {
  switches: NO_SWITCHES,
  liquidityCheck: true,
  fatFingerNotionalMax: null,
  fatFingerQuantityMax: null,
  fatFingerVolumeShareBpsMax: null,
  sliceVolumeShareBpsMax: null,
};

export const sampleQuote = (bid: string | null, ask: string | null, at = NOW): Quote => ({
  ticker: SYMBOL,
  bid: bid === null ? null : parsePrice(bid),
  bidSize: parseQuantity('100'),
  ask: ask === null ? null : parsePrice(ask),
  askSize: parseQuantity('100'),
  at: nsOf(at),
});

export type TermChanges = Partial<OrderIntent['terms']>;

export const sampleIntent = (terms: TermChanges = {}, changes: Partial<OrderIntent> = {}): OrderIntent => ({
  terms: {
    accountId: ACCOUNT,
    strategyId: STRATEGY,
    ticker: SYMBOL,
    side: 'buy',
    type: 'market',
    timeInForce: 'day',
    positionIntent: 'buy_to_open',
    size: { kind: 'quantity', quantity: parseQuantity('10') },
    limitPrice: null,
    stopPrice: null,
    ...terms,
  },
  decision: { decisionId: decisionId('d-1'), generation: 0, slice: 0 },
  purpose: 'entry',
  correlationId: correlationId('run-1'),
  runId: null,
  decidedAt: NOW,
  validUntil: addMs(NOW, 300_000),
  arrivalPrice: parsePrice('100'),
  policyVersion: 1,
  basis: { position: ZERO_QUANTITY, openQuantity: ZERO_QUANTITY },
  ...changes,
});

export const sampleMark = (changes: Partial<OpenOrderMark> = {}): OpenOrderMark => ({
  clientOrderId: clientOrderIdOf('open-1'),
  strategyId: STRATEGY,
  decisionId: decisionId('d-0'),
  slice: 0,
  purpose: 'entry',
  side: 'buy',
  limitPrice: null,
  stopPrice: null,
  closing: false,
  remaining: parseQuantity('5'),
  reservedMoney: parseMoney('500'),
  unknown: false,
  ...changes,
});

export const sampleShare = (quantity: string, cost: string, stopPrice: string | null = null): StrategyShare => ({
  strategyId: STRATEGY,
  quantity: parseQuantity(quantity),
  cost: parseMoney(cost),
  realizedProfit: ZERO_MONEY,
  openedOn: SESSION,
  stopPrice: stopPrice === null ? null : parsePrice(stopPrice),
});

export const sampleBook = (changes: Partial<Book> = {}): Book => ({
  ...emptyBook(ACCOUNT, SYMBOL),
  version: 1,
  ...changes,
});

export const sampleExposure = (changes: Partial<Exposure> = {}): Exposure => ({
  accountId: ACCOUNT,
  committed: ZERO_MONEY,
  ordersOpen: 0,
  ordersToday: 0,
  session: SESSION,
  equityAtOpen: EQUITY,
  equity: EQUITY,
  minute: NO_PACE,
  cycle: NO_PACE,
  ...changes,
});

export const sampleStrategy = (changes: Partial<StrategySafety> = {}): StrategySafety => ({
  strategyId: STRATEGY,
  enabled: true,
  killSwitch: DISENGAGED,
  minute: NO_PACE,
  cashAvailable: parseMoney('90000'),
  ...changes,
});

export function sampleFacts(changes: Partial<ClearingFacts> = {}): ClearingFacts {
  const book = changes.book === undefined ? sampleBook() : changes.book;
  const now = changes.now ?? NOW;
  return {
    intent: sampleIntent(),
    orderClass: 'entry',
    now,
    policy: POLICY,
    deployed: UNLIMITED,
    strategy: sampleStrategy(),
    book,
    books: book === null ? [] : [book],
    exposure: sampleExposure(),
    instrument: equityInstrument(SYMBOL, 'Apple'),
    quote: sampleQuote('99.99', '100', now),
    session: sessionOf(SESSION),
    bars: {
      asOf: calendarDate('2026-03-06'),
      averageVolume: parseQuantity('1000000'),
      averageRange: parsePrice('2'),
    },
    universe: POLICY.universe,
    model: null,
    account: {
      tradable: true,
      restriction: null,
      shortingEnabled: true,
      cash: EQUITY,
      equity: EQUITY,
      buyingPower: parseMoney('400000'),
    },
    bookDoubt: null,
    holding: null,
    lost: [],
    ...changes,
  };
}
