/**
 * What execute does with a command, in one process: clear, claim, last look, send; cancel; open an exit and drive it. The
 * rules are the house's own pure functions; what is left out is what no backtest has, such as leases and lost answers.
 */
import { statusOf } from '#shared/adapters/alpaca/order-status.ts';
import {
  absoluteMoney,
  absoluteQuantity,
  addMoney,
  addQuantity,
  averagePrice,
  formatMoney,
  type Money,
  maxQuantity,
  type Price,
  roundMoney,
  subtractQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import {
  brokerOrderId,
  type ClientOrderId,
  executionId,
  type StrategyId,
  type Ticker,
} from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { currentSession } from '#shared/core/market/session-calendar.ts';
import { advance } from '#shared/core/order/advance.ts';
import { cancelAction, LOOK_PAUSE_MS, LOOKS_MAX, requestCancel } from '#shared/core/order/cancel.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Exit, ExitAction, ExitRequest, ExitStep, ExitView } from '#shared/core/order/exit.ts';
import { driveExit } from '#shared/core/order/exit-drive.ts';
import { isOpen, type Order, type OrderIntent, type OrderUpdate, type Reason } from '#shared/core/order/order.ts';
import { claimOrder, lastLook, refusedByBroker } from '#shared/core/order/sending.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { BarFacts } from '#shared/core/risk/bar-facts.ts';
import { type AccountStanding, type ClearingFacts, farSide, type ModelStanding } from '#shared/core/risk/check.ts';
import { exitRefusal } from '#shared/core/risk/clear-exit.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import type { ClearedOrder } from '#shared/core/risk/cleared.ts';
import { headroomOf } from '#shared/core/risk/headroom.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import { accountFigures } from '#shared/core/venue/account-figures.ts';
import { requestCancel as cancelAtVenue, submitOrder } from '#shared/core/venue/venue.ts';
import type { VenueMarket } from '#shared/core/venue/venue-market.ts';
import type { VenueOrder } from '#shared/core/venue/venue-order.ts';
import { takeNews, type Venue, type VenueNews } from '#shared/core/venue/venue-state.ts';
import type { PaperLedger } from './paper-ledger.ts';

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

/** Steps that one drive of an exit takes. */
const STEPS_MAX = 8;

export interface PaperDeskParts {
  readonly ledger: PaperLedger;
  readonly policy: Policy;
  readonly venue: Venue;
  /** What decisions and checks are quoted; the venue's own may be worse by slippage. */
  readonly quotes: Pick<VenueMarket, 'asset' | 'quoteAt'>;
  /** What the checks of an entry know of its symbol's bars. */
  readonly barsOf: (symbol: Ticker, now: EpochMs) => BarFacts | null;
  /** The symbols that may be entered: the universe as of the session before. */
  readonly universeAt: (now: EpochMs) => readonly Ticker[];
  /** The model that a strategy trades by; null where it trades by none. */
  readonly modelOf: (strategyId: StrategyId) => ModelStanding | null;
}

export class PaperDesk {
  readonly #parts: PaperDeskParts;

  constructor(parts: PaperDeskParts) {
    this.#parts = parts;
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

  /** Settles what the venue has told. @returns whether it told anything */
  settleNews(): boolean {
    const { ledger, venue } = this.#parts;
    const told = takeNews(venue.state);
    for (const news of told) {
      const order = news.event === null ? null : ledger.order(news.order.clientOrderId);
      if (order !== null) ledger.apply(order, advance(order, streamUpdate(order.clientOrderId, news)), news.at);
    }
    return told.length > 0;
  }

  /** Clears, claims and sends one order. */
  place(intent: OrderIntent, now: EpochMs): Result<Order, Refusal> {
    const { ledger } = this.#parts;
    const facts = this.#factsOf(intent, now);
    const cleared = clearOrder(facts);
    if (!cleared.ok) return cleared;
    const barred = this.#claimRefusal(cleared.value, facts, now);
    if (barred !== null) return fail(barred);
    const { reservation } = cleared.value;
    const claimed = claimOrder({ intent, reservation, holder: SENDER, at: now, dryRun: false });
    ledger.count(cleared.value, now);
    const order = ledger.apply(null, claimed, now);
    const looked = lastLook(order, SENDER, now);
    invariant(looked.ok, `order ${order.clientOrderId} was claimed and may not be sent`);
    return this.#send(ledger.apply(order, looked.value, now), now);
  }

  #send(order: Order, now: EpochMs): Result<Order, Refusal> {
    const { ledger, venue } = this.#parts;
    const { terms } = order.intent;
    const taken = submitOrder(
      venue,
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
      return succeed(ledger.apply(order, advance(order, answerUpdate(order.clientOrderId, taken.value, now)), now));
    }
    const why = refusal('broker-refused', `the venue refused the order: ${taken.error.code}`, taken.error.facts);
    const ended = refusedByBroker(order, why, now);
    if (ended.ok) ledger.apply(order, ended.value, now);
    return fail(why);
  }

  /**
   * Asks the venue to cancel an order that it has; its end is told by its own news.
   * @returns whether the venue was asked
   */
  cancel(id: ClientOrderId, by: string, reason: Reason, now: EpochMs): boolean {
    const { ledger, venue } = this.#parts;
    const order = ledger.order(id);
    const asked = order === null ? null : requestCancel(order, by, reason, now);
    if (order === null || asked === null || !asked.ok) return false;
    const action = cancelAction(ledger.apply(order, asked.value, now), now);
    if (action.kind !== 'call-broker') return false;
    cancelAtVenue(venue, action.brokerOrderId, now);
    return true;
  }

  /** A decision to close becomes an exit in the book, driven at once. Yields as `drive` does. */
  *close(
    intent: OrderIntent & { readonly purpose: ExitRequest['purpose'] },
    clock: () => EpochMs,
  ): Generator<EpochMs, Refusal | null> {
    const { ledger } = this.#parts;
    const { accountId, ticker, strategyId } = intent.terms;
    const exitId = intent.decision.decisionId;
    if (ledger.exit(ticker)?.exitId !== exitId) {
      if (ledger.order(clientOrderIdFor(intent.terms, intent.decision)) !== null) return null;
      const why = exitRefusal(this.#factsOf(intent, clock()));
      if (why !== null) return why;
      const opening = ledger.openExit(
        {
          exitId,
          accountId,
          strategyId,
          ticker,
          purpose: intent.purpose,
          by: 'orchestrate',
          reason: { code: 'decision', message: 'The position is to be closed.', context: {} },
          correlationId: intent.correlationId,
          openedAt: clock(),
        },
        null,
      );
      if (opening === 'other') return refusal('exit-in-progress', `another exit of ${ticker} is open`, {});
    }
    yield* this.drive(ticker, clock);
    return null;
  }

  /** Drives the exit that is open on a symbol as far as it goes. Yields the instants that it sleeps until. */
  *drive(ticker: Ticker, clock: () => EpochMs): Generator<EpochMs, void> {
    const { ledger } = this.#parts;
    let refused: Refusal | null = null;
    let canceled = false;
    for (let taken = 0; taken < STEPS_MAX; taken += 1) {
      const exit = ledger.exit(ticker);
      if (exit === null) return;
      const step = this.#stepOf(exit, refused, clock());
      const { action } = step;
      // Asked and waited for in this very drive: whatever has not ended by now is the next one's.
      if (action.kind === 'cancel' && canceled) return;
      if (action.kind === 'complete') {
        ledger.completeExit(step.exit);
        return;
      }
      if (step.changed) ledger.saveExit(exit, step.exit);
      refused = null;
      if (action.kind === 'cancel') {
        canceled = true;
        yield* this.#clearTheWay(exit, action, clock);
      } else if (action.kind === 'submit') {
        const placed = this.place(action.intent, clock());
        refused = placed.ok ? null : placed.error;
      } else return;
    }
  }

  #stepOf(exit: Exit, refused: Refusal | null, now: EpochMs): ExitStep {
    const step = driveExit(exit, this.#viewOf(exit, null, refused, now));
    if (step.action.kind !== 'read-position') return step;
    return driveExit(exit, this.#viewOf(exit, this.#holdingOf(exit.ticker, now), refused, now));
  }

  /** Cancels what is in the way, and waits a little for its end. */
  *#clearTheWay(
    { by }: Exit,
    { orders, reason }: Extract<ExitAction, { kind: 'cancel' }>,
    clock: () => EpochMs,
  ): Generator<EpochMs, void> {
    const { ledger } = this.#parts;
    const asked = orders.filter((id) => this.cancel(id, by, reason, clock()));
    for (let look = 1; look <= LOOKS_MAX; look += 1) {
      const open = asked.some((id) => {
        const order = ledger.order(id);
        return order !== null && isOpen(order);
      });
      if (!open) return;
      yield addMs(clock(), LOOK_PAUSE_MS);
    }
  }

  #holdingOf(ticker: Ticker, now: EpochMs): ExitView['brokerPosition'] {
    const { positions, books } = this.#parts.venue.state;
    const quantity = positions.get(ticker)?.quantity ?? ZERO_QUANTITY;
    const held = books.get(ticker)?.heldQuantity ?? ZERO_QUANTITY;
    const available = maxQuantity(ZERO_QUANTITY, subtractQuantity(absoluteQuantity(quantity), held));
    return { quantity, available, readAt: now };
  }

  #viewOf(exit: Exit, brokerPosition: ExitView['brokerPosition'], refused: Refusal | null, now: EpochMs): ExitView {
    const { ledger, policy } = this.#parts;
    const book = ledger.bookOf(exit.ticker);
    const { submitted } = exit;
    const current = submitted === null ? null : ledger.order(clientOrderIdFor(submitted.terms, submitted.decision));
    const price = this.#priceOf(exit, now);
    return {
      now,
      sessionOpen: currentSession(now) !== null,
      share: shareOf(book, exit.strategyId).quantity,
      othersShare: book.shares
        .filter((share) => share.strategyId !== exit.strategyId)
        .reduce((sum, share) => addQuantity(sum, share.quantity), ZERO_QUANTITY),
      booksFresh: book.quarantine === null,
      brokerPosition,
      openOrders: ledger.openOrders([book]),
      current,
      currentRefusal: current === null ? refused : null,
      pricing: price === null ? null : { arrivalPrice: price, limitPrice: null },
      policyVersion: policy.version,
    };
  }

  #priceOf({ ticker, strategyId }: Exit, now: EpochMs): Price | null {
    const share = shareOf(this.#parts.ledger.bookOf(ticker), strategyId);
    const quoted = farSide(this.#parts.quotes.quoteAt(ticker, now), share.quantity < 0n ? 'buy' : 'sell');
    if (quoted !== null && quoted > 0n) return quoted;
    if (share.quantity === 0n || share.cost === 0n) return null;
    return averagePrice(absoluteMoney(share.cost), absoluteQuantity(share.quantity), 'half-even');
  }

  #factsOf(intent: OrderIntent, now: EpochMs): ClearingFacts {
    const { ledger, policy, quotes, barsOf, modelOf, universeAt } = this.#parts;
    const { terms, purpose } = intent;
    const orderClass = orderClassOf({ purpose, positionIntent: terms.positionIntent });
    const isEntry = orderClass === 'entry';
    return {
      intent,
      orderClass,
      now,
      policy,
      deployed: DEPLOYED,
      strategy: ledger.strategy(terms.strategyId),
      book: ledger.books.get(terms.ticker) ?? null,
      books: isEntry ? ledger.touchedBooks() : [],
      exposure: isEntry ? ledger.exposure : null,
      instrument: quotes.asset(terms.ticker),
      quote: quotes.quoteAt(terms.ticker, now),
      session: currentSession(now),
      bars: isEntry ? barsOf(terms.ticker, now) : null,
      universe: isEntry ? universeAt(now) : null,
      model: isEntry ? modelOf(terms.strategyId) : null,
      account: isEntry ? this.account(now) : null,
      bookDoubt: null,
      holding: null,
      lost: [],
    };
  }

  /** The claim's own conditions on an entry, in the order in which the transaction lists them. */
  #claimRefusal({ orderClass, reservation }: ClearedOrder, facts: ClearingFacts, now: EpochMs): Refusal | null {
    if (orderClass !== 'entry') return null;
    const { policy, strategy } = facts;
    const { exposure } = this.#parts.ledger;
    const headroom = headroomOf(policy, { exposure, strategy }, now);
    if (addMoney(exposure.committed, reservation.money) > headroom.grossExposureMax) {
      return refusal('headroom-exceeded', 'the order would take the account above its gross exposure', {
        reserve: formatMoney(reservation.money),
        limit: formatMoney(headroom.grossExposureMax),
      });
    }
    return strategy === null || strategy.cashAvailable < reservation.money
      ? refusal('strategy-cash', 'the strategy has no cash left for the order', {})
      : null;
  }
}

const told = (clientOrderId: ClientOrderId, order: VenueOrder) => ({
  clientOrderId,
  brokerOrderId: brokerOrderId(order.id),
  status: statusOf(order.status),
  cumulativeQuantity: order.filledQuantity,
  averagePrice: null,
  brokerTime: order.updatedAt,
  detail: null,
});

/** The answer to a submit. */
const answerUpdate = (clientOrderId: ClientOrderId, order: VenueOrder, now: EpochMs): OrderUpdate => ({
  ...told(clientOrderId, order),
  source: 'submit-answer',
  execution: null,
  receivedAt: now,
});

/** The venue's news as the stream would tell it. */
const streamUpdate = (clientOrderId: ClientOrderId, { order, execution, at }: VenueNews): OrderUpdate => ({
  ...told(clientOrderId, order),
  source: 'stream',
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
  receivedAt: at,
});
