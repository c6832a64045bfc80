/**
 * The decision: from a snapshot and a policy to orders, with a reason for every signal that becomes none. Pure, and the
 * same function live, in a dry run and in a backtest.
 */
import {
  absoluteQuantity,
  addMoney,
  formatMoney,
  formatPrice,
  formatQuantity,
  type Money,
  minMoney,
  notionalOf,
  type Price,
  prorateMoney,
  type Quantity,
  roundQuantity,
  subtractQuantity,
  unitsFor,
  wholeQuantity,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { decisionId } from '#shared/core/kernel/identity.ts';
import { addMs, msOf } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal, refusalStage } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { PositionIntent } from '#shared/core/order/terms.ts';
import { type Book, emptyBook, openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Decision, FunnelEntry, Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { type Signal, signalId } from '#shared/core/signal/types.ts';

/** What a run has used up of its limits so far; one signal after another draws on it. */
interface Spent {
  readonly orders: number;
  readonly notional: Money;
  readonly positions: number;
}

interface Wish {
  readonly intent: OrderIntent;
  readonly notional: Money;
}

/**
 * Decides on every signal of the snapshot, exits first, then entries by confidence, ties by strategy and symbol: the
 * order in which limits are drawn on is part of the decision and depends on nothing else.
 */
export function decide(snapshot: Snapshot, policy: Policy): Decision {
  const intents: OrderIntent[] = [];
  const funnel: FunnelEntry[] = [];
  let spent: Spent = { orders: 0, notional: ZERO_MONEY, positions: positionsHeld(snapshot) };
  for (const signal of inDrawingOrder(snapshot.signals)) {
    const wish =
      signal.kind === 'exit' ? wishToExit(signal, snapshot, policy) : wishToEnter(signal, snapshot, policy, spent);
    if (!wish.ok) {
      funnel.push({ signal, outcome: 'refused', stage: refusalStage(wish.error.code), refusal: wish.error });
      continue;
    }
    const { intent, notional } = wish.value;
    intents.push(intent);
    funnel.push({ signal, outcome: 'executed', clientOrderId: clientOrderIdFor(intent.terms, intent.decision) });
    spent = {
      orders: spent.orders + 1,
      notional: addMoney(spent.notional, notional),
      positions: spent.positions + (signal.kind === 'entry' ? 1 : 0),
    };
  }
  return { intents, funnel };
}

const positionsHeld = (snapshot: Snapshot): number =>
  [...snapshot.books.values()].filter((book) => book.shares.some((share) => share.quantity !== 0n)).length;

function inDrawingOrder(signals: readonly Signal[]): readonly Signal[] {
  const name = (signal: Signal): string => `${signal.strategyId}#${signal.ticker}#${signal.asOf}`;
  return [...signals].sort((a, b) => {
    if (a.kind !== b.kind) return a.kind === 'exit' ? -1 : 1;
    if (a.confidence !== b.confidence) return b.confidence - a.confidence;
    return name(a) < name(b) ? -1 : 1;
  });
}

/** What holds for exits and entries alike: the price to reckon with, from an instrument that trades and a fresh quote. */
function priceFor(signal: Signal, snapshot: Snapshot, policy: Policy): Result<Price, Refusal> {
  const { ticker } = signal;
  if (signal.asOf !== snapshot.signalSession) {
    return fail(
      refusal(
        'data-not-fresh',
        `the signal is as of ${signal.asOf}, and the last session was ${snapshot.signalSession}`,
        {
          asOf: signal.asOf,
          session: snapshot.signalSession,
        },
      ),
    );
  }
  const instrument = snapshot.instruments.get(ticker);
  if (instrument === undefined)
    return fail(refusal('instrument-unknown', `the broker does not know ${ticker}`, { ticker }));
  if (!instrument.tradable) return fail(refusal('instrument-not-tradable', `${ticker} is not tradable`, { ticker }));
  const quote = snapshot.quotes.get(ticker);
  const price = signal.side === 'buy' ? quote?.ask : quote?.bid;
  if (quote === undefined || price === undefined || price === null) {
    return fail(
      refusal('quote-missing', `nobody quotes the side of ${ticker} that a ${signal.side} needs`, { ticker }),
    );
  }
  const ageMs = snapshot.now - msOf(quote.at);
  if (ageMs > policy.limits.quoteAgeMsMax) {
    return fail(
      refusal('quote-stale', `the quote of ${ticker} is ${ageMs} ms old`, {
        ageMs: String(ageMs),
        limitMs: String(policy.limits.quoteAgeMsMax),
        wouldPassAtMs: String(ageMs),
      }),
    );
  }
  return succeed(price);
}

const bookOf = (signal: Signal, snapshot: Snapshot): Book =>
  snapshot.books.get(signal.ticker) ?? emptyBook(snapshot.accountId, signal.ticker);

function wishToExit(signal: Signal, snapshot: Snapshot, policy: Policy): Result<Wish, Refusal> {
  const book = bookOf(signal, snapshot);
  const position = shareOf(book, signal.strategyId).quantity;
  const held = signal.side === 'sell' ? position > 0n : position < 0n;
  if (!held) {
    return fail(
      refusal(
        'no-position-to-close',
        `${signal.strategyId} holds nothing of ${signal.ticker} that a ${signal.side} closes`,
        {
          position: formatQuantity(position),
        },
      ),
    );
  }
  const closing = book.openOrders.filter((mark) => mark.strategyId === signal.strategyId && mark.side === signal.side);
  const quantity = closing.reduce((left, mark) => subtractQuantity(left, mark.remaining), absoluteQuantity(position));
  if (quantity <= 0n) {
    return fail(
      refusal('twin-order', `open orders close all of ${signal.ticker} already`, { orders: String(closing.length) }),
    );
  }
  const price = priceFor(signal, snapshot, policy);
  if (!price.ok) return price;
  const positionIntent = signal.side === 'sell' ? 'sell_to_close' : 'buy_to_close';
  return succeed(wishFor(signal, snapshot, policy, book, { quantity, price: price.value, positionIntent }));
}

function wishToEnter(signal: Signal, snapshot: Snapshot, policy: Policy, spent: Spent): Result<Wish, Refusal> {
  const strategy = policy.strategies.find((entry) => entry.strategyId === signal.strategyId);
  if (strategy === undefined || !strategy.enabled) {
    return fail(refusal('strategy-disabled', `${signal.strategyId} is not enabled in policy ${policy.version}`, {}));
  }
  const book = bookOf(signal, snapshot);
  const blocked = blockedBy(signal, book);
  if (blocked !== null) return fail(blocked);
  const price = priceFor(signal, snapshot, policy);
  if (!price.ok) return price;
  const target = equalWeight(minMoney(strategy.cash, snapshot.equity), policy.limits.positionsMax);
  const quantity = roundQuantity(unitsFor(target, price.value, 'floor'), wholeQuantity(1), 'floor');
  if (quantity <= 0n) {
    return fail(
      refusal('size-below-minimum', `one share of ${signal.ticker} costs more than an equal weight`, {
        price: formatPrice(price.value),
        limit: formatMoney(target),
        wouldPassAt: formatPrice(price.value),
      }),
    );
  }
  const notional = notionalOf(price.value, quantity);
  const over = overCycleLimits(policy, spent, notional);
  if (over !== null) return fail(over);
  const positionIntent = signal.side === 'buy' ? 'buy_to_open' : 'sell_to_open';
  return succeed(wishFor(signal, snapshot, policy, book, { quantity, price: price.value, positionIntent }));
}

/** What in the book keeps a strategy from entering. */
function blockedBy(signal: Signal, book: Book): Refusal | null {
  if (book.quarantine !== null) {
    return refusal('symbol-quarantined', `${book.ticker} is quarantined: ${book.quarantine.message}`, {
      code: book.quarantine.code,
    });
  }
  if (book.exitId !== null)
    return refusal('exit-in-progress', `an exit of ${book.ticker} is open`, { exitId: book.exitId });
  const unknown = book.openOrders.find((mark) => mark.unknown);
  if (unknown !== undefined) {
    return refusal('symbol-has-unknown-order', `the fate of an order on ${book.ticker} is not known`, {
      clientOrderId: unknown.clientOrderId,
    });
  }
  const position = shareOf(book, signal.strategyId).quantity;
  if (position !== 0n) {
    return refusal('already-positioned', `${signal.strategyId} holds ${book.ticker} already`, {
      position: formatQuantity(position),
    });
  }
  const own = book.openOrders.find((mark) => mark.strategyId === signal.strategyId);
  if (own !== undefined) {
    return refusal('twin-order', `${signal.strategyId} has an order open on ${book.ticker}`, {
      clientOrderId: own.clientOrderId,
    });
  }
  const opposing = book.openOrders.find((mark) => mark.side !== signal.side);
  if (opposing !== undefined) {
    return refusal('opposing-order', `an opposite order is open on ${book.ticker}`, {
      clientOrderId: opposing.clientOrderId,
    });
  }
  return null;
}

const equalWeight = (cash: Money, positionsMax: number): Money =>
  positionsMax <= 0 ? ZERO_MONEY : prorateMoney(cash, 1n, BigInt(positionsMax), 'floor');

/** The smallest change that would let the signal pass is named with each number. */
function overCycleLimits(policy: Policy, spent: Spent, notional: Money): Refusal | null {
  const { limits } = policy;
  if (spent.positions >= limits.positionsMax) {
    return refusal('position-limit', 'as many positions are held as the policy allows', {
      actual: String(spent.positions),
      limit: String(limits.positionsMax),
      wouldPassAt: String(spent.positions + 1),
    });
  }
  if (spent.orders >= limits.ordersPerCycleMax) {
    return refusal('orders-per-cycle-limit', 'the run has decided on as many orders as the policy allows', {
      actual: String(spent.orders),
      limit: String(limits.ordersPerCycleMax),
      wouldPassAt: String(spent.orders + 1),
    });
  }
  const total = addMoney(spent.notional, notional);
  if (total > limits.notionalPerCycleMax) {
    return refusal('notional-per-cycle-limit', 'the orders of the run would be worth more than the policy allows', {
      actual: formatMoney(total),
      limit: formatMoney(limits.notionalPerCycleMax),
      wouldPassAt: formatMoney(total),
    });
  }
  return null;
}

function wishFor(
  signal: Signal,
  snapshot: Snapshot,
  policy: Policy,
  book: Book,
  sized: { readonly quantity: Quantity; readonly price: Price; readonly positionIntent: PositionIntent },
): Wish {
  const intent: OrderIntent = {
    terms: {
      accountId: snapshot.accountId,
      strategyId: signal.strategyId,
      ticker: signal.ticker,
      side: signal.side,
      type: 'market',
      timeInForce: 'day',
      positionIntent: sized.positionIntent,
      size: { kind: 'quantity', quantity: sized.quantity },
      limitPrice: null,
      stopPrice: null,
    },
    decision: {
      // The session is part of it: a signal that waits is decided on anew each day, and each day once.
      decisionId: decisionId(`sig:${contentId([signalId(signal), snapshot.session], 26)}`),
      generation: 0,
      slice: 0,
    },
    purpose: signal.kind,
    correlationId: snapshot.correlationId,
    runId: snapshot.runId,
    decidedAt: snapshot.now,
    validUntil: addMs(snapshot.now, policy.limits.decisionAgeMsMax),
    arrivalPrice: sized.price,
    policyVersion: policy.version,
    basis: {
      position: shareOf(book, signal.strategyId).quantity,
      openQuantity: openQuantityOf(book, signal.strategyId),
    },
  };
  return { intent, notional: notionalOf(sized.price, sized.quantity) };
}
