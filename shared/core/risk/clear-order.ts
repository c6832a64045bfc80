/**
 * The one place where an order is cleared. Whoever wants an order placed, a run, a person or an exit, passes this list;
 * nothing else can make a ClearedOrder, and the claim takes nothing else.
 */
import { formatMoney, type Price, proratePrice } from '#shared/core/kernel/decimal.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Reservation } from '#shared/core/order/order.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import { ENTRIES_ONLY, ALL_CLASSES, type ClearingFacts, type PreTradeCheck } from '#shared/core/risk/check.ts';
import {
  basisUnchanged,
  bookKnown,
  neverThroughZero,
  noOpposingOrder,
  symbolExposure,
  symbolFree,
} from '#shared/core/risk/checks/book-checks.ts';
import {
  instrumentShortable,
  instrumentTradable,
  priceOnTick,
  pricesFitType,
  quantityOnStep,
  sessionOpen,
} from '#shared/core/risk/checks/instrument-checks.ts';
import { farSide, fatFinger, priceInCollar, quoteFresh, spreadNarrow } from '#shared/core/risk/checks/price-checks.ts';
import { type ClearedOrder, markCleared } from '#shared/core/risk/cleared.ts';

const decisionFresh: PreTradeCheck = {
  name: 'the decision has not gone stale',
  codes: ['decision-stale'],
  applies: ALL_CLASSES,
  run: ({ intent, now }) =>
    now >= intent.validUntil
      ? refusal('decision-stale', `the decision was valid until ${formatEpochMs(intent.validUntil)}`, {
          now: formatEpochMs(now),
        })
      : null,
};

const strategyEnabled: PreTradeCheck = {
  name: 'the strategy is known, enabled and has the cash',
  codes: ['strategy-missing', 'strategy-disabled', 'strategy-cash'],
  applies: ENTRIES_ONLY,
  run: (facts) => {
    const { strategy, intent } = facts;
    if (strategy === null) return refusal('strategy-missing', `${intent.terms.strategyId} has no safety item`, {});
    if (!strategy.enabled) return refusal('strategy-disabled', `${intent.terms.strategyId} is disabled`, {});
    const reserved = reservationOf(facts)?.money ?? null;
    return reserved !== null && reserved > strategy.cashAvailable
      ? refusal('strategy-cash', `${intent.terms.strategyId} has no cash left for the order`, {
          actual: formatMoney(reserved),
          limit: formatMoney(strategy.cashAvailable),
          wouldPassAt: formatMoney(reserved),
        })
      : null;
  },
};

/** Every check there is, in the order in which they answer. */
export const PRE_TRADE_CHECKS: readonly PreTradeCheck[] = [
  decisionFresh,
  pricesFitType,
  instrumentTradable,
  instrumentShortable,
  quantityOnStep,
  priceOnTick,
  sessionOpen,
  bookKnown,
  symbolFree,
  basisUnchanged,
  neverThroughZero,
  noOpposingOrder,
  quoteFresh,
  spreadNarrow,
  priceInCollar,
  fatFinger,
  symbolExposure,
  strategyEnabled,
];

/**
 * Runs every check that applies to the order's class; the first refusal is the answer.
 * @returns the cleared order with its reservation, or why not.
 */
export function clearOrder(facts: ClearingFacts): Result<ClearedOrder, Refusal> {
  for (const check of PRE_TRADE_CHECKS) {
    if (!check.applies.includes(facts.orderClass)) continue;
    const refused = check.run(facts);
    if (refused !== null) return fail(refused);
  }
  const reservation = reservationOf(facts);
  if (reservation === null) {
    return fail(refusal('quote-missing', `there is no price to reserve ${facts.intent.terms.ticker} at`, {}));
  }
  return succeed(
    markCleared({
      intent: facts.intent,
      clientOrderId: clientOrderIdFor(facts.intent.terms, facts.intent.decision),
      orderClass: facts.orderClass,
      reservation,
      policyVersion: facts.policy.version,
    }),
  );
}

/** The worst price that the collar lets the order fill at; a short sale is reckoned above the quote, where it costs. */
function collarPrice(facts: ClearingFacts): Price | null {
  const { intent, orderClass, policy, quote } = facts;
  const { side, stopPrice, limitPrice } = intent.terms;
  // A closing order may go without a quote: it is then valued at what the decision saw.
  const fallback = orderClass === 'entry' ? null : intent.arrivalPrice;
  const reference = limitPrice ?? stopPrice ?? farSide(quote, side) ?? fallback;
  if (reference === null || reference <= 0n) return null;
  const opens = orderClass === 'entry' || side === 'buy';
  const numerator = opens ? 10_000n + policy.limits.collarBps : 10_000n - policy.limits.collarBps;
  return proratePrice(reference, numerator, 10_000n, opens ? 'ceiling' : 'floor');
}

function reservationOf(facts: ClearingFacts): Reservation | null {
  const worst = collarPrice(facts);
  return worst === null || worst <= 0n ? null : reservationFor(facts.intent.terms, worst);
}
