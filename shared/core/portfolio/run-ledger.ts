/** What a run may still draw on: the limits of the policy less what is held, on order, and accepted before in the run. */
import {
  absoluteMoney,
  absoluteQuantity,
  addMoney,
  averagePrice,
  formatMoney,
  type Money,
  prorateMoney,
  subtractMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { type Book, exposureOf, positionOf, type StrategyShare } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/correlation-filter.ts';
import { riskOf } from '#shared/core/portfolio/heat.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { reserveCash, type StrategyCash } from '#shared/core/portfolio/strategy-cash.ts';
import type { Signal } from '#shared/core/signal/types.ts';

const FULL_BPS = 10_000n;

/** Values; each accepted signal makes the next one. */
export interface RunLedger {
  readonly orders: number;
  /** Of entries, at the price that they meet. */
  readonly notional: Money;
  /** Symbols that an exit of this run trades: an entry would meet it. */
  readonly exiting: ReadonlySet<Ticker>;
  /** Symbols that are held or being bought. */
  readonly tickers: ReadonlySet<Ticker>;
  /** Positions and accepted entries, for correlations. */
  readonly exposures: readonly Exposure[];
  /** Entries that found no place among the target weights. */
  readonly cutOff: readonly Exposure[];
  /** Loss at all stops. */
  readonly heat: Money;
  /** Positions at cost plus reservations. */
  readonly gross: Money;
  /** The broker's cash less all that open orders may take. */
  readonly cashLeft: Money;
  readonly strategies: ReadonlyMap<StrategyId, StrategyCash>;
}

/** Loss of a share at its stop against what it cost; one whose stop nobody has placed yet stakes the fallback. */
function riskOfShare(share: StrategyShare, fallbackBps: bigint): Money {
  if (share.stopPrice === null) return prorateMoney(absoluteMoney(share.cost), fallbackBps, FULL_BPS, 'ceiling');
  const price = averagePrice(absoluteMoney(share.cost), absoluteQuantity(share.quantity), 'half-even');
  return riskOf({ quantity: share.quantity, price, stopPrice: share.stopPrice });
}

/** The sides on which a book is exposed: by its position, and by entries that are still open. */
function exposuresOf(book: Book): readonly Exposure[] {
  const position = positionOf(book);
  const sides = new Set<Exposure['side']>();
  if (position !== 0n) sides.add(position > 0n ? 'long' : 'short');
  for (const mark of book.openOrders) if (!mark.closing) sides.add(mark.side === 'buy' ? 'long' : 'short');
  return [...sides].map((side) => ({ ticker: book.ticker, side }));
}

const isHeld = (book: Book): boolean =>
  book.shares.some((share) => share.quantity !== 0n) || book.openOrders.some((mark) => !mark.closing);

/** What all books together come to, each looked at once: a large universe has many that were traded and are flat. */
class BookTotals {
  readonly #fallbackBps: bigint;
  readonly #spent = new Map<StrategyId, { invested: Money; reserved: Money }>();
  heat = ZERO_MONEY;
  gross = ZERO_MONEY;
  reserved = ZERO_MONEY;

  constructor(fallbackBps: bigint) {
    this.#fallbackBps = fallbackBps;
  }

  add(book: Book): void {
    for (const share of book.shares) {
      const spent = this.#spentBy(share.strategyId);
      // What was lost is spent as well, and what was won may be spent again.
      spent.invested = addMoney(spent.invested, subtractMoney(absoluteMoney(share.cost), share.realizedProfit));
      if (share.quantity !== 0n) this.heat = addMoney(this.heat, riskOfShare(share, this.#fallbackBps));
    }
    for (const { strategyId, reservedMoney } of book.openOrders) {
      const spent = this.#spentBy(strategyId);
      spent.reserved = addMoney(spent.reserved, reservedMoney);
      this.reserved = addMoney(this.reserved, reservedMoney);
      // An open entry stakes the fallback of what it reserves.
      this.heat = addMoney(this.heat, prorateMoney(reservedMoney, this.#fallbackBps, FULL_BPS, 'ceiling'));
    }
    this.gross = addMoney(this.gross, exposureOf(book));
  }

  #spentBy(strategyId: StrategyId): { invested: Money; reserved: Money } {
    const known = this.#spent.get(strategyId);
    if (known !== undefined) return known;
    const made = { invested: ZERO_MONEY, reserved: ZERO_MONEY };
    this.#spent.set(strategyId, made);
    return made;
  }

  cashOf(strategyId: StrategyId, allocated: Money): StrategyCash {
    const { invested, reserved } = this.#spentBy(strategyId);
    return { strategyId, allocated, invested, reserved };
  }
}

export function openLedger(snapshot: Snapshot, policy: Policy): RunLedger {
  const totals = new BookTotals(policy.stops.fallbackBps);
  const held: Book[] = [];
  for (const book of snapshot.books.values()) {
    totals.add(book);
    if (isHeld(book)) held.push(book);
  }
  held.sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
  return {
    orders: 0,
    notional: ZERO_MONEY,
    exiting: new Set(),
    tickers: new Set(held.map((book) => book.ticker)),
    exposures: held.flatMap(exposuresOf),
    cutOff: [],
    heat: totals.heat,
    gross: totals.gross,
    cashLeft: subtractMoney(snapshot.cash, totals.reserved),
    strategies: new Map(
      policy.strategies.map(({ strategyId, cash }) => [strategyId, totals.cashOf(strategyId, cash)] as const),
    ),
  };
}

/** An exit takes a place among the run's orders, and keeps entries off its symbol until it has ended. */
export const withExit = (ledger: RunLedger, ticker: Ticker): RunLedger => ({
  ...ledger,
  orders: ledger.orders + 1,
  exiting: new Set([...ledger.exiting, ticker]),
});

/** An entry that found no place among the target weights ranks before those that come after it. */
export const withCutOff = (ledger: RunLedger, exposure: Exposure): RunLedger => ({
  ...ledger,
  cutOff: [...ledger.cutOff, exposure],
});

/** What an entry asks of the ledger. */
export interface EntryDraw {
  readonly signal: Signal;
  readonly notional: Money;
  /** What the claim will set aside for it: the worst price that the collar lets it fill at. */
  readonly staked: Money;
  /** Loss at its stop. */
  readonly risk: Money;
}

const over = (
  code: 'gross-exposure' | 'notional-per-cycle-limit',
  message: string,
  actual: Money,
  limit: Money,
): Refusal =>
  refusal(code, message, {
    actual: formatMoney(actual),
    limit: formatMoney(limit),
    wouldPassAt: formatMoney(actual),
  });

/** Which count or sum the entry does not fit under, with the smallest limit that would let it pass; or null. */
export function ledgerRefusal(ledger: RunLedger, draw: EntryDraw, snapshot: Snapshot, policy: Policy): Refusal | null {
  const { limits } = policy;
  const places = ledger.tickers.size + (ledger.tickers.has(draw.signal.ticker) ? 0 : 1);
  if (places > limits.positionsMax) {
    return refusal('position-limit', 'as many positions are held as the policy allows', {
      actual: String(places),
      limit: String(limits.positionsMax),
      wouldPassAt: String(places),
    });
  }
  const gross = addMoney(ledger.gross, draw.staked);
  if (gross > limits.grossExposureMax) {
    return over(
      'gross-exposure',
      'all positions and orders together would exceed the limit',
      gross,
      limits.grossExposureMax,
    );
  }
  const cash = cashRefusal(ledger, draw, snapshot, policy);
  if (cash !== null) return cash;
  if (ledger.orders >= limits.ordersPerCycleMax) {
    return refusal('orders-per-cycle-limit', 'the run has decided on as many orders as the policy allows', {
      actual: String(ledger.orders + 1),
      limit: String(limits.ordersPerCycleMax),
      wouldPassAt: String(ledger.orders + 1),
    });
  }
  const total = addMoney(ledger.notional, draw.staked);
  return total > limits.notionalPerCycleMax
    ? over(
        'notional-per-cycle-limit',
        'the orders of the run would be worth more than the policy allows',
        total,
        limits.notionalPerCycleMax,
      )
    : null;
}

/** Cash of the account: enough for the order, and the target stays unspent. */
function cashRefusal(ledger: RunLedger, draw: EntryDraw, snapshot: Snapshot, policy: Policy): Refusal | null {
  if (draw.signal.side === 'sell') return null;
  const after = subtractMoney(ledger.cashLeft, draw.staked);
  const target = prorateMoney(snapshot.equity, policy.checks.cashTargetBps, FULL_BPS, 'ceiling');
  if (after >= target) return null;
  const missing = after < 0n ? 'cash-insufficient' : 'cash-target';
  return refusal(missing, `the order of ${draw.signal.ticker} would leave less cash than the policy asks for`, {
    actual: formatMoney(after),
    limit: formatMoney(target),
    wouldPassAt: after < 0n ? 'no target' : formatMoney(after),
  });
}

/** Draws an entry, or says that its strategy has no cash left for it. */
export function drawEntry(
  ledger: RunLedger,
  draw: EntryDraw,
): { readonly ledger: RunLedger } | { readonly refusal: Refusal } {
  const { signal, staked } = draw;
  const own = ledger.strategies.get(signal.strategyId);
  if (own === undefined) return { refusal: refusal('strategy-missing', `${signal.strategyId} has no cash`, {}) };
  const reserved = reserveCash(own, staked);
  if (!reserved.ok) return { refusal: reserved.error };
  const side = signal.side === 'buy' ? 'long' : 'short';
  return {
    ledger: {
      ...ledger,
      orders: ledger.orders + 1,
      notional: addMoney(ledger.notional, staked),
      tickers: new Set([...ledger.tickers, signal.ticker]),
      exposures: [...ledger.exposures, { ticker: signal.ticker, side }],
      heat: addMoney(ledger.heat, draw.risk),
      gross: addMoney(ledger.gross, staked),
      cashLeft: subtractMoney(ledger.cashLeft, staked),
      strategies: new Map([...ledger.strategies, [signal.strategyId, reserved.value]]),
    },
  };
}
