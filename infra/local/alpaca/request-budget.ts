/** Requests a minute, counted in whole minutes of the simulator's clock. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

const MINUTE_MS = 60_000;

export interface RequestBudget {
  readonly limit: number;
  minute: number;
  used: number;
}

export const freshBudget = (limit: number): RequestBudget => ({ limit, minute: 0, used: 0 });

export interface BudgetAnswer {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Unix seconds at which the count starts anew. */
  readonly resetsAtSeconds: number;
}

/** Takes one request out of the budget of the minute, if there is one left. */
export function takeRequest(budget: RequestBudget, now: EpochMs): BudgetAnswer {
  const minute = Math.floor(now / MINUTE_MS);
  if (minute !== budget.minute) {
    budget.minute = minute;
    budget.used = 0;
  }
  const allowed = budget.used < budget.limit;
  if (allowed) budget.used += 1;
  return { allowed, remaining: budget.limit - budget.used, resetsAtSeconds: (minute + 1) * 60 };
}
