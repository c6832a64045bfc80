/** A person's correction of what a book holds. It is the only change of a quantity that no execution stands behind. */
import type { Money, Quantity } from '#shared/core/kernel/decimal.ts';
import type { AccountId, StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface Adjustment {
  readonly accountId: AccountId;
  readonly ticker: Ticker;
  readonly strategyId: StrategyId;
  /** What the strategy holds from now on, signed, and what that cost. What it has realised stays. */
  readonly quantity: Quantity;
  readonly cost: Money;
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
  /** Adjust only a book of which nothing was ever said; for what the account held when its books were opened. */
  readonly onlyUntouched?: boolean;
}

/** What adjustments have come to. */
export interface Adjusted {
  /** Of all that the books say was paid, the part that adjustments brought in. */
  readonly paid: Money;
  /** When a symbol was last adjusted. */
  readonly at: ReadonlyMap<Ticker, EpochMs>;
}

export interface Adjustments {
  /**
   * Sets a share, and says so. Cash is not moved by it, which the check of the account's cash takes into account.
   * @returns false when the share is so already, or the book was touched where that is not wanted
   * @throws Fault `permanent` when the book, the exposure or the strategy is missing
   */
  adjust(adjustment: Adjustment): Promise<boolean>;
  adjusted(accountId: AccountId): Promise<Adjusted>;
}
