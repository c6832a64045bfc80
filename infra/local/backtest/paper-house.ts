/**
 * The house's books, limits and broker in one process: the same pure rules of clearing, claim, order and venue as live,
 * without tables and queues between them.
 */
import { statusOf } from '#shared/adapters/alpaca/wire-order.ts';
import {
  addMoney,
  formatMoney,
  type Money,
  roundMoney,
  subtractMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import {
  type AccountId,
  brokerOrderId,
  type ClientOrderId,
  executionId,
  type StrategyId,
  type Ticker,
} from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { Session } from '#shared/core/market/types.ts';
import { advance } from '#shared/core/order/advance.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { isOpen, type Order, type OrderIntent, type OrderUpdate } from '#shared/core/order/order.ts';
import { claimOrder, lastLook, refusedByBroker } from '#shared/core/order/sending.ts';
import { type Book, emptyBook, exposureOf } from '#shared/core/portfolio/book.ts';
import { bookStep } from '#shared/core/portfolio/book-order.ts';
import { type Exposure, minuteOf, NO_PACE, type Pace } from '#shared/core/portfolio/exposure.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { BarFacts } from '#shared/core/risk/bar-facts.ts';
import type { AccountStanding, ClearingFacts } from '#shared/core/risk/check.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import type { ClearedOrder } from '#shared/core/risk/cleared.ts';
import { headroomOf } from '#shared/core/risk/headroom.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import { DISENGAGED, type StrategySafety } from '#shared/core/safety/safety-facts.ts';
import { accountFigures } from '#shared/core/venue/account-figures.ts';
import { advanceVenue, submitOrder } from '#shared/core/venue/venue.ts';
import type { Venue, VenueNews } from '#shared/core/venue/venue-state.ts';
import { takeNews } from '#shared/core/venue/venue-state.ts';
import type { VenueMarket } from '#shared/core/venue/venue-market.ts';

const SENDER = 'backtest';

/** The deployment's own limits as the local house has them: none beside the policy's. */
const DEPLOYED: ClearingFacts['deployed'] = {
  switches: { tradingDisabled: false, safeMode: false, strategiesDisabled: [] },
  liquidityCheck: true,
  fatFingerNotionalMax: null,
  fatFingerQuantityMax: null,
  fatFingerVolumeShareBpsMax: null,
  sliceVolumeShareBpsMax: null,
};

/** A broker tells amounts in cents. */
const cents = (amount: Money): Money => roundMoney(amount, 2, 'half-even');

export interface PaperHouseParts {
  readonly accountId: AccountId;
  readonly policy: Policy;
  readonly venue: Venue;
  /** What decisions and checks are quoted; the venue's own may be worse by slippage. */
  readonly quotes: VenueMarket;
}

export class PaperHouse {
  readonly #parts: PaperHouseParts;
  readonly #books = new Map<Ticker, Book>();
  readonly #orders = new Map<string, Order>();
  readonly #strategies = new Map<StrategyId, StrategySafety>();
  #exposure: Exposure;

  constructor(parts: PaperHouseParts) {
    this.#parts = parts;
    const { accountId, policy } = parts;
    for (const ticker of policy.universe) this.#books.set(ticker, emptyBook(accountId, ticker));
    for (const { strategyId, enabled, cash } of policy.strategies) {
      const switches = { enabled, killSwitch: DISENGAGED };
      this.#strategies.set(strategyId, { strategyId, ...switches, minute: NO_PACE, cashAvailable: cash });
    }
    this.#exposure = {
      accountId,
      committed: ZERO_MONEY,
      ordersOpen: 0,
      ordersToday: 0,
      session: null,
      equityAtOpen: null,
      equity: null,
      minute: NO_PACE,
      cycle: NO_PACE,
    };
  }

  get books(): ReadonlyMap<Ticker, Book> {
    return this.#books;
  }

  get exposure(): Exposure {
    return this.#exposure;
  }

  get orders(): Iterable<Order> {
    return this.#orders.values();
  }

  /** The account as the broker tells it. */
  account(now: EpochMs): AccountStanding {
    const { venue } = this.#parts;
    const figures = accountFigures(venue, now);
    return {
      tradable: true,
      restriction: null,
      shortingEnabled: true,
      cash: cents(venue.state.cash),
      equity: cents(figures.equity),
      buyingPower: cents(figures.buyingPower),
    };
  }

  /** What the first pass of reconciliation does for a session. */
  beginSession(session: Session, at: EpochMs): void {
    this.advanceTo(at);
    const { equity } = this.account(at);
    this.#exposure = { ...this.#exposure, session: session.date, ordersToday: 0, equityAtOpen: equity, equity };
  }

  /** Lets the venue do what is due, and settles what it tells. */
  advanceTo(now: EpochMs): void {
    advanceVenue(this.#parts.venue, now);
    this.#settleNews();
  }

  #settleNews(): void {
    for (const news of takeNews(this.#parts.venue.state)) this.#settle(news);
  }

  #settle(news: VenueNews): void {
    const order = this.#orders.get(news.order.clientOrderId);
    if (order === undefined || news.event === null) return;
    this.#apply(order, advance(order, updateOf(order.clientOrderId, news)), news.at);
  }

  /** Clears, claims and sends one order. */
  place(intent: OrderIntent, session: Session, bars: BarFacts | null, now: EpochMs): Result<Order, Refusal> {
    const facts = this.#factsOf(intent, session, bars, now);
    const cleared = clearOrder(facts);
    if (!cleared.ok) return cleared;
    const barred = this.#claimRefusal(cleared.value, facts, now);
    if (barred !== null) return fail(barred);
    const { reservation } = cleared.value;
    const claimed = claimOrder({ intent, reservation, holder: SENDER, at: now, dryRun: false });
    this.#draw(cleared.value, now);
    const order = this.#apply(null, claimed, now);
    const looked = lastLook(order, SENDER, now);
    invariant(looked.ok, `order ${order.clientOrderId} was claimed and may not be sent`);
    return this.#send(this.#apply(order, looked.value, now), now);
  }

  #send(order: Order, now: EpochMs): Result<Order, Refusal> {
    const { terms } = order.intent;
    const taken = submitOrder(
      this.#parts.venue,
      {
        clientOrderId: order.clientOrderId,
        ticker: terms.ticker,
        side: terms.side,
        type: terms.type,
        timeInForce: terms.timeInForce,
        quantity: terms.size.kind === 'quantity' ? terms.size.quantity : null,
        notional: terms.size.kind === 'notional' ? terms.size.notional : null,
        limitPrice: terms.limitPrice,
        stopPrice: terms.stopPrice,
        positionIntent: terms.positionIntent,
      },
      now,
    );
    if (taken.ok) {
      this.#settleNews();
      return succeed(order);
    }
    const why = refusal('broker-refused', `the venue refused the order: ${taken.error.code}`, taken.error.facts);
    const ended = refusedByBroker(order, why, now);
    if (ended.ok) this.#apply(order, ended.value, now);
    return fail(why);
  }

  #factsOf(intent: OrderIntent, session: Session, bars: BarFacts | null, now: EpochMs): ClearingFacts {
    const { policy, quotes } = this.#parts;
    const { terms, purpose } = intent;
    const orderClass = orderClassOf({ purpose, positionIntent: terms.positionIntent });
    const isEntry = orderClass === 'entry';
    return {
      intent,
      orderClass,
      now,
      policy,
      deployed: DEPLOYED,
      strategy: this.#strategies.get(terms.strategyId) ?? null,
      book: this.#books.get(terms.ticker) ?? null,
      books: isEntry ? this.#touched() : [],
      exposure: isEntry ? this.#exposure : null,
      instrument: quotes.asset(terms.ticker),
      quote: quotes.quoteAt(terms.ticker, now),
      session,
      bars: isEntry ? bars : null,
      account: isEntry ? this.account(now) : null,
      bookDoubt: null,
      holding: null,
    };
  }

  /** A book without a share and without an order says nothing to any check, and most of a large universe are. */
  #touched(): readonly Book[] {
    return [...this.#books.values()].filter(({ shares, openOrders }) => shares.length > 0 || openOrders.length > 0);
  }

  /** The claim's own conditions on an entry, in the order in which the transaction lists them. */
  #claimRefusal({ orderClass, reservation }: ClearedOrder, facts: ClearingFacts, now: EpochMs): Refusal | null {
    if (orderClass !== 'entry') return null;
    const { policy, strategy } = facts;
    const headroom = headroomOf(policy, { exposure: this.#exposure, strategy }, now);
    if (addMoney(this.#exposure.committed, reservation.money) > headroom.grossExposureMax) {
      return refusal('headroom-exceeded', 'the order would take the account above its gross exposure', {
        reserve: formatMoney(reservation.money),
        limit: formatMoney(headroom.grossExposureMax),
      });
    }
    return strategy === null || strategy.cashAvailable < reservation.money
      ? refusal('strategy-cash', 'the strategy has no cash left for the order', {})
      : null;
  }

  /** Counts an entry in the windows that limit how fast orders are placed. */
  #draw({ orderClass, reservation, intent }: ClearedOrder, now: EpochMs): void {
    if (orderClass !== 'entry') return;
    const { strategyId } = intent.terms;
    const counted = (pace: Pace, window: string): Pace => {
      const before = pace.window === window ? pace : NO_PACE;
      return { window, orders: before.orders + 1, notional: addMoney(before.notional, reservation.money) };
    };
    const { minute, cycle } = this.#exposure;
    this.#exposure = {
      ...this.#exposure,
      minute: counted(minute, minuteOf(now)),
      cycle: intent.runId === null ? cycle : counted(cycle, intent.runId),
    };
    const strategy = this.#strategies.get(strategyId);
    if (strategy !== undefined) {
      this.#strategies.set(strategyId, { ...strategy, minute: counted(strategy.minute, minuteOf(now)) });
    }
  }

  /** The writes of one step: order, book, exposure and the strategy's cash move together. */
  #apply(before: Order | null, step: Step, now: EpochMs): Order {
    const { order, consequences } = step;
    const { ticker, strategyId } = order.intent.terms;
    if (before !== null && !step.changed) return before;
    const book = this.#books.get(ticker) ?? emptyBook(this.#parts.accountId, ticker);
    const next = { ...bookStep(book, step, newYorkDate(now), now).book, version: book.version + 1 };
    this.#orders.set(order.clientOrderId, order);
    this.#books.set(ticker, next);
    const opened = (isOpen(order) ? 1 : 0) - (before !== null && isOpen(before) ? 1 : 0);
    this.#exposure = {
      ...this.#exposure,
      committed: addMoney(this.#exposure.committed, subtractMoney(exposureOf(next), exposureOf(book))),
      ordersOpen: this.#exposure.ordersOpen + opened,
      ordersToday: this.#exposure.ordersToday + (before === null ? 1 : 0),
    };
    const { cash, provisionalCash } = consequences.book;
    const gained = addMoney(consequences.released.money, addMoney(cash, provisionalCash));
    const strategy = this.#strategies.get(strategyId);
    if (strategy !== undefined && gained !== 0n) {
      const cashAvailable = addMoney(strategy.cashAvailable, gained);
      this.#strategies.set(strategyId, { ...strategy, cashAvailable });
    }
    return order;
  }
}

/** The venue's news as the stream would tell it. */
function updateOf(clientOrderId: ClientOrderId, { order, execution, at }: VenueNews): OrderUpdate {
  return {
    source: 'stream',
    clientOrderId,
    brokerOrderId: brokerOrderId(order.id),
    status: statusOf(order.status),
    cumulativeQuantity: order.filledQuantity,
    averagePrice: null,
    execution:
      execution === null
        ? null
        : {
            id: executionId(execution.id),
            quantity: execution.quantity,
            price: execution.price,
            at: execution.stamp,
            kind: execution.kind,
            previousExecutionId: execution.undoes === null ? null : executionId(execution.undoes),
          },
    brokerTime: order.updatedAt,
    receivedAt: at,
    detail: null,
  };
}
