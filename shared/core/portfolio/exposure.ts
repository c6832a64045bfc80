/** What an account has committed over all symbols, and how fast it has been placing orders. */
import { type Money, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';

/** Orders in one window; another window begins at nothing. */
export interface Pace {
  /** Names the window that is counted: a minute, or a run. Null before the first. */
  readonly window: string | null;
  readonly orders: number;
  /** What they reserved. */
  readonly notional: Money;
}

/** What an account holds and has reserved over all symbols. */
export interface Exposure {
  readonly accountId: AccountId;
  /** Positions at cost plus reservations. */
  readonly committed: Money;
  readonly ordersOpen: number;
  readonly ordersToday: number;
  /** The session that `ordersToday` counts. */
  readonly session: CalendarDate | null;
  readonly equityAtOpen: Money | null;
  /** The broker's own figure, as of the last reconciliation pass. */
  readonly equity: Money | null;
  /** Entries of the last minute in which there were any. */
  readonly minute: Pace;
  /** Entries of the last run that placed any. */
  readonly cycle: Pace;
}

export const NO_PACE: Pace = { window: null, orders: 0, notional: ZERO_MONEY };

/** The minute of an instant, as the window that rates count. */
export const minuteOf = (now: EpochMs): string => new Date(now).toISOString().slice(0, 16);

/** What was counted of a window: nothing when another one is being counted. */
export const countedIn = (pace: Pace, window: string): Pick<Pace, 'orders' | 'notional'> | null =>
  pace.window === window ? pace : null;
