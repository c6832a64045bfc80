/** What cash the account should have by the books. */
import { absoluteMoney, basisPointsOf, type Money, subtractMoney } from '#shared/core/kernel/decimal.ts';

/** Where the count began: the broker's cash, and what the books had paid by then. */
export interface CashBase {
  readonly cash: Money;
  readonly paid: Money;
  /** Of what had been paid, the part that no cash stands behind, such as shares brought into the account. */
  readonly adjusted: Money;
}

export interface CashFacts {
  readonly base: CashBase;
  readonly cash: Money;
  readonly equity: Money;
  readonly paid: Money;
  readonly adjusted: Money;
  readonly toleranceBps: bigint;
}

export interface CashCheck {
  readonly expected: Money;
  /** The broker's cash less the expected. */
  readonly drift: Money;
  readonly tolerance: Money;
  readonly withinTolerance: boolean;
}

/** Fees, interest and dividends move cash without the books: up to the tolerance of the equity that is let pass. */
export function checkCash(facts: CashFacts): CashCheck {
  const { base } = facts;
  const spent = subtractMoney(subtractMoney(facts.paid, base.paid), subtractMoney(facts.adjusted, base.adjusted));
  const expected = subtractMoney(base.cash, spent);
  const drift = subtractMoney(facts.cash, expected);
  const tolerance = basisPointsOf(absoluteMoney(facts.equity), facts.toleranceBps);
  return { expected, drift, tolerance, withinTolerance: absoluteMoney(drift) <= tolerance };
}
