/** From a signal to the order that it asks for: the price to reckon with, and the intent. */
import { type Money, notionalOf, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { decisionId } from '#shared/core/kernel/identity.ts';
import { addMs, msOf } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import type { Instrument } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { PositionIntent } from '#shared/core/order/terms.ts';
import { type Book, emptyBook, openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { type Signal, signalId } from '#shared/core/signal/types.ts';

/** A signal in front of a decision. */
export interface Candidate {
  readonly signal: Signal;
  /** It was kept back in an earlier session, and may therefore be older than the last one. */
  readonly waited: boolean;
}

/** An order that a signal asks for, at the price that it would meet. */
export interface Wish {
  readonly intent: OrderIntent;
  readonly notional: Money;
}

export interface Tradable {
  readonly instrument: Instrument;
  /** The side of the quote that the order would meet. */
  readonly price: Price;
}

export const bookOf = (signal: Signal, snapshot: Snapshot): Book =>
  snapshot.books.get(signal.ticker) ?? emptyBook(snapshot.accountId, signal.ticker);

/** What holds for exits and entries alike: a signal of the last session, an instrument that trades, a fresh quote. */
export function tradableFor(
  { signal, waited }: Candidate,
  snapshot: Snapshot,
  policy: Policy,
): Result<Tradable, Refusal> {
  const { ticker, asOf } = signal;
  const session = snapshot.signalSession;
  if (waited ? asOf > session : asOf !== session) {
    const message = `the signal is as of ${asOf}, and the last session was ${session}`;
    return fail(refusal('data-not-fresh', message, { asOf, session }));
  }
  const instrument = snapshot.instruments.get(ticker);
  if (instrument === undefined)
    return fail(refusal('instrument-unknown', `the broker does not know ${ticker}`, { ticker }));
  if (!instrument.tradable) return fail(refusal('instrument-not-tradable', `${ticker} is not tradable`, { ticker }));
  const quote = snapshot.quotes.get(ticker);
  const price = signal.side === 'buy' ? quote?.ask : quote?.bid;
  if (quote === undefined || price === undefined || price === null) {
    const message = `nobody quotes the side of ${ticker} that a ${signal.side} needs`;
    return fail(refusal('quote-missing', message, { ticker }));
  }
  const ageMs = snapshot.now - msOf(quote.at);
  if (ageMs > policy.limits.quoteAgeMsMax) {
    return fail(
      refusal('quote-stale', `the quote of ${ticker} is ${ageMs} ms old`, {
        actual: String(ageMs),
        limit: String(policy.limits.quoteAgeMsMax),
        wouldPassAt: String(ageMs),
      }),
    );
  }
  return succeed({ instrument, price });
}

export function wishFor(
  signal: Signal,
  snapshot: Snapshot,
  policy: Policy,
  sized: { readonly quantity: Quantity; readonly price: Price; readonly positionIntent: PositionIntent },
): Wish {
  const book = bookOf(signal, snapshot);
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
