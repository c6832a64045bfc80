/**
 * The one place where an order is cleared. Whoever wants an order placed, a run, a person or an exit, passes this list;
 * nothing else can make a ClearedOrder, and the claim takes nothing else.
 */
import { type Refusal, type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { ClearingFacts, PreTradeCheck } from '#shared/core/risk/check.ts';
import {
  basisUnchanged,
  bookKnown,
  neverThroughZero,
  noTwin,
  noWashTrade,
  symbolFree,
  symbolRested,
} from '#shared/core/risk/checks/book-checks.ts';
import {
  buyingPowerSuffices,
  cashSuffices,
  exitProfitable,
  grossExposure,
  netExposure,
  portfolioHeat,
  positionCount,
  singleNameExposure,
  symbolPosition,
} from '#shared/core/risk/checks/exposure-checks.ts';
import {
  instrumentTradable,
  intentFitsSide,
  notionalLargeEnough,
  priceOnTick,
  pricesFitType,
  quantityInRange,
  quantityOnStep,
  sessionOpen,
  shortAllowed,
  timeInForceFits,
} from '#shared/core/risk/checks/instrument-checks.ts';
import { priceAboveMinimum, priceInCollar, quoteFresh, spreadNarrow } from '#shared/core/risk/checks/price-checks.ts';
import {
  dataFresh,
  fatFingerNotional,
  fatFingerQuantity,
  fatFingerVolume,
  sliceLiquid,
} from '#shared/core/risk/checks/size-checks.ts';
import {
  accountUnrestricted,
  decisionFresh,
  modelFresh,
  notionalPerCycle,
  ordersOpen,
  ordersPerCycle,
  ordersPerDay,
  strategyReady,
  submitRate,
  switchesOff,
  symbolListed,
} from '#shared/core/risk/checks/standing-checks.ts';
import { type ClearedOrder, markCleared } from '#shared/core/risk/cleared.ts';
import { reservationOf } from '#shared/core/risk/valuation.ts';

/** Every check there is, in the order in which they answer. */
export const PRE_TRADE_CHECKS: readonly PreTradeCheck[] = [
  decisionFresh,
  switchesOff,
  pricesFitType,
  intentFitsSide,
  timeInForceFits,
  instrumentTradable,
  symbolListed,
  shortAllowed,
  quantityOnStep,
  quantityInRange,
  priceOnTick,
  sessionOpen,
  accountUnrestricted,
  bookKnown,
  symbolFree,
  noTwin,
  basisUnchanged,
  neverThroughZero,
  noWashTrade,
  symbolRested,
  quoteFresh,
  priceAboveMinimum,
  spreadNarrow,
  priceInCollar,
  notionalLargeEnough,
  fatFingerNotional,
  fatFingerQuantity,
  dataFresh,
  fatFingerVolume,
  sliceLiquid,
  symbolPosition,
  positionCount,
  singleNameExposure,
  grossExposure,
  netExposure,
  portfolioHeat,
  modelFresh,
  strategyReady,
  cashSuffices,
  buyingPowerSuffices,
  ordersOpen,
  ordersPerDay,
  ordersPerCycle,
  notionalPerCycle,
  submitRate,
  exitProfitable,
];

const LIMITS: ReadonlySet<RefusalCode> = new Set(
  PRE_TRADE_CHECKS.filter((check) => check.numbers.length > 0).flatMap((check) => check.codes),
);

/** Whether a refusal comes from a number of the policy, which another number would let pass. */
export const isLimit = (code: RefusalCode): boolean => LIMITS.has(code) || code === 'headroom-exceeded';

/**
 * Runs every check that applies to the order's class; the first rejection is the answer.
 * @returns the cleared order with its reservation and what it came near to, or why not.
 */
export function clearOrder(facts: ClearingFacts): Result<ClearedOrder, Refusal> {
  const warnings: Refusal[] = [];
  for (const check of PRE_TRADE_CHECKS) {
    if (!check.applies.includes(facts.orderClass)) continue;
    const finding = check.run(facts);
    if (finding?.level === 'reject') return fail(finding.refusal);
    if (finding !== null) warnings.push(finding.refusal);
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
      warnings,
    }),
  );
}
