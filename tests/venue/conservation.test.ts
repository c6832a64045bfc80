/** Random but legal order flows on a seeded market: what must hold after every step of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import {
  absoluteQuantity,
  addMoney,
  addQuantity,
  formatPrice,
  type Money,
  notionalOf,
  parseMoney,
  parsePrice,
  parseQuantity,
  type Price,
  prorateQuantity,
  subtractMoney,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { oppositeSide } from '#shared/core/order/terms.ts';
import { replayAccount } from '#shared/core/venue/account-history.ts';
import { type FeeSchedule, feesOf } from '#shared/core/venue/fees.ts';
import type { FillRule } from '#shared/core/venue/fill-rule.ts';
import { hasEnded } from '#shared/core/venue/order-lifecycle.ts';
import { signedQuantity } from '#shared/core/venue/position-keeping.ts';
import { advanceVenue, openVenue, requestCancel, submitOrder, undoExecution } from '#shared/core/venue/venue.ts';
import type { VenueMarket } from '#shared/core/venue/venue-market.ts';
import type { CancelFate, Execution, OrderFate, OrderRequest } from '#shared/core/venue/venue-order.ts';
import { snapshotOf, stateOf } from '#shared/core/venue/venue-snapshot.ts';
import { executionById, type Venue, type VenueRules } from '#shared/core/venue/venue-state.ts';
import { RULES } from './desk-market.ts';

const MARKET = tinyMarket({ seed: 3, days: 12 });
/** Ten to a hundred shares a session, so that orders come up against them. */
const THIN: VenueMarket = {
  ...MARKET,
  barAt(symbol, at) {
    const bar = MARKET.barAt(symbol, at);
    return bar === null ? null : { ...bar, volume: prorateQuantity(bar.volume, 1n, 100_000n, 'floor') };
  },
};
const START = parseEpochMs('2026-01-06T09:20:00-05:00');
const SYMBOLS = ['AAPL', 'MSFT', 'KO', 'F'].map(ticker);
const OPENING = parseMoney('50000');
const FEES: FeeSchedule = {
  commissionPerShare: parsePrice('0.005'),
  secCentsPerMillion: 2_780,
  tafPerShare: parsePrice('0.000166'),
  tafMax: parseMoney('8.30'),
};
const LATENCIES: readonly Partial<VenueRules>[] = [
  {},
  { acknowledgeMs: 2, fillMs: 3, cancelMs: 40, requoteMs: 1_000 },
  { cancelMs: 3_600_000, requoteMs: 60_000, doneForDay: true },
];

/** Without slippage and impact every price stays within its bar, as without a rule. */
const UNMOVED = { slippagePerMillion: 0, openingMs: 360_000, limitDepth: 'touch' } as const;
const FILLS: readonly (FillRule | null)[] = [
  null,
  { ...UNMOVED, volumeShare: null },
  { ...UNMOVED, limitDepth: 'through', volumeShare: { perMilleMax: 200, impactPerMillion: 0 } },
  { ...UNMOVED, slippagePerMillion: 750, volumeShare: { perMilleMax: 500, impactPerMillion: 1_000_000 } },
];

type Action =
  | {
      readonly kind: 'submit';
      readonly order: Omit<OrderRequest, 'limitPrice' | 'stopPrice'>;
      readonly offset: number;
      readonly fate: OrderFate;
    }
  | { readonly kind: 'cancel'; readonly pick: number; readonly fate: CancelFate }
  | { readonly kind: 'undo'; readonly pick: number; readonly corrects: boolean }
  | { readonly kind: 'pass'; readonly ms: number };

const quantityArbitrary = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }).map(String) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 5_000_000 }).map((millionths) => (millionths / 1e6).toFixed(6)) },
);

const submitArbitrary: fc.Arbitrary<Action> = fc
  .record({
    symbol: fc.constantFrom(...SYMBOLS),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    type: fc.constantFrom('market' as const, 'limit' as const, 'stop' as const, 'stop_limit' as const),
    tif: fc.constantFrom('day' as const, 'day' as const, 'gtc' as const, 'ioc' as const, 'fok' as const),
    qty: quantityArbitrary,
    notional: fc.oneof(
      { weight: 7, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 4_000 }) },
    ),
    offset: fc.integer({ min: -300, max: 300 }),
    fate: fc.constantFrom<OrderFate>(
      'ordinary',
      'ordinary',
      'ordinary',
      'ordinary',
      'reject',
      'partial-only',
      'never-fill',
    ),
  })
  .map(({ symbol, side, type, tif, qty, notional, offset, fate }) => ({
    kind: 'submit',
    order: {
      clientOrderId: null,
      ticker: symbol,
      side,
      type,
      // Fractions trade for the day only.
      timeInForce: notional !== null || qty.includes('.') ? 'day' : tif,
      quantity: notional === null ? parseQuantity(qty) : null,
      notional: notional === null ? null : parseMoney(String(notional)),
      positionIntent: null,
    },
    offset,
    fate,
  }));

const cancelArbitrary: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('cancel' as const),
  pick: fc.nat(1_000),
  fate: fc.constantFrom<CancelFate>('confirm', 'confirm', 'fill-first', 'partial-first', 'refuse', 'stuck'),
});
const passArbitrary: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('pass' as const),
  ms: fc.oneof(
    { weight: 4, arbitrary: fc.nat(100) },
    { weight: 5, arbitrary: fc.nat(900_000) },
    { weight: 1, arbitrary: fc.nat(60_000_000) },
  ),
});
const undoArbitrary: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('undo' as const),
  pick: fc.nat(1_000),
  corrects: fc.boolean(),
});

/** Prices near the market: the offset is in hundredths of a percent, on tick. */
function near(symbol: Ticker, now: EpochMs, offset: number): Price {
  const last = Number(MARKET.tradeAt(symbol, now)?.price ?? 0n) / 1e9;
  return parsePrice(Math.max(0.01, last * (1 + offset / 10_000)).toFixed(last < 1 ? 4 : 2));
}

function act(venue: Venue, action: Action, now: EpochMs): EpochMs {
  switch (action.kind) {
    case 'submit': {
      const { order, offset, fate } = action;
      const price = near(order.ticker, now, offset);
      const limited = order.type === 'limit' || order.type === 'stop_limit';
      const stopped = order.type === 'stop' || order.type === 'stop_limit';
      submitOrder(
        venue,
        { ...order, limitPrice: limited ? price : null, stopPrice: stopped ? near(order.ticker, now, -offset) : null },
        now,
        fate,
      );
      break;
    }
    case 'cancel': {
      const order = venue.state.orders[action.pick % Math.max(1, venue.state.orders.length)];
      if (order !== undefined) requestCancel(venue, order.id, now, action.fate);
      break;
    }
    case 'undo': {
      const execution = venue.state.executions[action.pick % Math.max(1, venue.state.executions.length)];
      if (execution === undefined) break;
      const { price, quantity } = execution;
      undoExecution(
        venue,
        execution.id,
        action.corrects ? { price: near(execution.ticker, now, 7), quantity } : null,
        now,
      );
      expect(quantity > 0n && price > 0n).toBe(true);
      break;
    }
    case 'pass':
      advanceVenue(venue, addMs(now, action.ms));
      return addMs(now, action.ms);
  }
  advanceVenue(venue, now);
  return now;
}

/** Cash as the executions alone tell it. */
function cashByExecutions(venue: Venue): Money {
  let cash = OPENING;
  const pay = (execution: Execution, side: Execution['side'], fees: Money): void => {
    cash = subtractMoney(
      subtractMoney(cash, notionalOf(execution.price, signedQuantity(side, execution.quantity))),
      fees,
    );
  };
  for (const execution of venue.state.executions) {
    const undone = execution.undoes === null ? undefined : executionById(venue.state, execution.undoes);
    if (undone !== undefined) pay(undone, oppositeSide(undone.side), ZERO_MONEY);
    if (execution.kind === 'fill')
      pay(execution, execution.side, feesOf(FEES, execution.side, execution.quantity, execution.price));
    else if (execution.kind === 'correct') pay(execution, execution.side, ZERO_MONEY);
  }
  return cash;
}

function expectConserved(venue: Venue): void {
  const { state } = venue;
  const cost = [...state.positions.values()].reduce((sum, position) => addMoney(sum, position.cost), ZERO_MONEY);
  expect(state.cash).toBe(cashByExecutions(venue));
  expect(addMoney(addMoney(state.cash, cost), subtractMoney(state.feesPaid, state.realised))).toBe(OPENING);
  const open = state.orders.filter((order) => !hasEnded(order.status));
  expect(open.reduce((sum, order) => addMoney(sum, order.heldMoney), ZERO_MONEY)).toBe(state.heldMoney);
  for (const order of state.orders) {
    expect(order.heldMoney >= 0n && order.heldQuantity >= 0n).toBe(true);
    if (hasEnded(order.status)) expect([order.heldMoney, order.heldQuantity]).toEqual([0n, 0n]);
  }
  for (const [symbol, book] of state.books) {
    const held = open
      .filter((order) => order.ticker === symbol)
      .reduce((sum, order) => addQuantity(sum, order.heldQuantity), ZERO_QUANTITY);
    expect(book.heldQuantity).toBe(held);
  }
}

/** Without busts: no position is sold twice, and no order gets more than it asked for. */
function expectWithinOrders(venue: Venue): void {
  const { state } = venue;
  for (const [symbol, book] of state.books) {
    const position = state.positions.get(symbol)?.quantity ?? ZERO_QUANTITY;
    expect(book.heldQuantity <= absoluteQuantity(position)).toBe(true);
  }
  for (const order of state.orders) {
    const fills = state.executions.filter((execution) => execution.orderId === order.id);
    const quantity = fills.reduce((sum, fill) => addQuantity(sum, fill.quantity), ZERO_QUANTITY);
    const notional = fills.reduce((sum, fill) => addMoney(sum, notionalOf(fill.price, fill.quantity)), ZERO_MONEY);
    expect([order.filledQuantity, order.filledNotional]).toEqual([quantity, notional]);
    expect(fills.at(-1)?.cumulativeQuantity ?? ZERO_QUANTITY).toBe(quantity);
    if (order.quantity !== null) expect(quantity <= order.quantity).toBe(true);
    if (order.notional !== null) expect(notional <= order.notional).toBe(true);
    const { limitPrice } = order;
    for (const fill of limitPrice === null ? [] : fills) {
      expect(order.side === 'buy' ? fill.price <= (limitPrice ?? 0n) : fill.price >= (limitPrice ?? 0n)).toBe(true);
    }
  }
}

function expectWithinBars(venue: Venue): void {
  for (const { ticker: symbol, price, at, kind } of venue.state.executions) {
    if (kind !== 'fill') continue;
    const date = newYorkDate(at);
    const [bar] = MARKET.dailyBars(symbol, date, date, addMs(at, 86_400_000), 'raw');
    const value = Number(formatPrice(price));
    expect(bar !== undefined && value >= bar.low && value <= bar.high).toBe(true);
  }
}

/** Orders have no more of a session than their share; a fill that overtook its cancel is a fault's and asks no rule. */
function expectWithinVolume(venue: Venue): void {
  const share = venue.rules.fills?.volumeShare ?? null;
  if (share === null) return;
  const taken = new Map<string, bigint>();
  for (const { orderId, ticker: symbol, quantity, at } of venue.state.executions) {
    const order = venue.state.orders.find(({ id }) => id === orderId);
    const key = `${symbol} ${newYorkDate(at)}`;
    const sum = (taken.get(key) ?? 0n) + quantity;
    taken.set(key, sum);
    if (order?.cancelFate !== 'confirm') continue;
    const volume = THIN.barAt(symbol, at)?.volume ?? ZERO_QUANTITY;
    expect(sum * 1_000n <= volume * BigInt(share.perMilleMax)).toBe(true);
  }
}

interface Flow {
  readonly latency: number;
  readonly fills: number;
  readonly seed: number;
}

const openAccount = ({ latency, fills, seed }: Flow): Venue =>
  openVenue(
    { ...RULES, partialFillOneIn: 4, fees: FEES, seed, ...LATENCIES[latency], fills: FILLS[fills] ?? null },
    THIN,
    OPENING,
    START,
  );

const flow = (actions: fc.Arbitrary<Action>) =>
  fc.record({
    latency: fc.nat(LATENCIES.length - 1),
    fills: fc.nat(FILLS.length - 1),
    seed: fc.nat(1_000),
    actions: fc.array(actions, { minLength: 30, maxLength: 90 }),
  });

const ordinary = fc.oneof(
  { weight: 5, arbitrary: submitArbitrary },
  { weight: 2, arbitrary: cancelArbitrary },
  { weight: 3, arbitrary: passArbitrary },
);

describe('random order flows', () => {
  it('conserve money, never sell a share twice, fill within the bar and never beyond the order', () => {
    let fills = 0;
    fc.assert(
      fc.property(flow(ordinary), ({ actions, ...run }) => {
        const venue = openAccount(run);
        let now = START;
        for (const action of actions) {
          now = act(venue, action, now);
          expectConserved(venue);
          expectWithinOrders(venue);
        }
        if (venue.rules.fills?.slippagePerMillion !== 750) expectWithinBars(venue);
        expectWithinVolume(venue);
        fills += venue.state.executions.length;
      }),
      { seed: 2026, numRuns: 80 },
    );
    // A flow that trades nothing proves nothing.
    expect(fills).toBeGreaterThan(300);
  });

  it('conserve money through busts and corrections', () => {
    fc.assert(
      fc.property(
        flow(fc.oneof({ weight: 6, arbitrary: ordinary }, { weight: 1, arbitrary: undoArbitrary })),
        (run) => {
          const venue = openAccount(run);
          let now = START;
          for (const action of run.actions) {
            now = act(venue, action, now);
            expectConserved(venue);
          }
          const past = replayAccount(venue)(now);
          expect(past.cash).toBe(venue.state.cash);
          expect(new Map([...past.positions].filter(([, position]) => position.quantity !== 0n))).toEqual(
            venue.state.positions,
          );
        },
      ),
      { seed: 2027, numRuns: 40 },
    );
  });

  it('come to the same when they are done again, and when the state is kept and restored on the way', () => {
    fc.assert(
      fc.property(flow(ordinary), fc.nat(100), ({ actions, ...run }, pause) => {
        const venue = openAccount(run);
        let again: Venue = openAccount(run);
        let [now, later] = [START, START];
        for (const [index, action] of actions.entries()) {
          now = act(venue, action, now);
          if (index === pause % actions.length) {
            again = { ...again, state: stateOf(snapshotOf(again.state)) };
            expectConserved(again);
          }
          later = act(again, action, later);
        }
        expect(snapshotOf(again.state)).toEqual(snapshotOf(venue.state));
      }),
      { seed: 2028, numRuns: 25 },
    );
  });
});
