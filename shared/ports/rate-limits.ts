/** Budgets of requests that all instances of a room share, by class and minute. */
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface RateTake {
  readonly accountId: AccountId;
  /** Names the budget. */
  readonly budget: string;
  /** Requests a minute. */
  readonly limit: number;
  readonly now: EpochMs;
}

export interface RateStanding {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the budget is whole again. */
  readonly resetMs: number;
}

export interface RateLimits {
  /** Takes one request from the budget of this minute. @throws Fault where the table does not answer. */
  take(take: RateTake): Promise<RateStanding>;
}
