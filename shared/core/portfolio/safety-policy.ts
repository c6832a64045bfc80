/** The parts of the policy that keep the house safe: pre-trade checks, circuit breaker, monitor and stops. */
import type { Money, Quantity } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';

/** Numbers of the pre-trade checks, beside the limits of the account. */
export interface CheckPolicy {
  /** From this share of a limit on, in basis points, an order passes with a warning. */
  readonly warnShareBps: bigint;
  /** Units that one order may be for at most, whatever it does. */
  readonly orderQuantityMax: Quantity;
  /** How much of each fat-finger cap a market order may use, in basis points: it meets any price. */
  readonly marketOrderShareBps: bigint;
  /** Share of average daily volume that one slice may be, in basis points. */
  readonly sliceVolumeShareBpsMax: bigint;
  /** Units that the account may hold of one symbol, open orders included. */
  readonly symbolQuantityMax: Quantity;
  /** Long less short, at cost and with reservations, as an absolute amount. */
  readonly netExposureMax: Money;
  /** What all positions would lose at their stops, in basis points of equity. */
  readonly heatBpsMax: bigint;
  /** Cash that stays unspent, in basis points of equity. */
  readonly cashTargetBps: bigint;
  /** After a fill on a symbol no entry follows for so long. */
  readonly symbolCooldownMs: number;
  readonly submitsPerMinuteMax: number;
  readonly strategySubmitsPerMinuteMax: number;
  /** What a strategy's own exit must bring over its cost, in basis points; null asks for nothing. Stops never ask. */
  readonly exitProfitBpsMin: bigint | null;
  /** Sessions since the last that a strategy's model was trained on, beyond which it enters nothing. */
  readonly modelAgeSessionsMax: number;
  readonly shortSelling: boolean;
  /** Symbols that are never entered. */
  readonly blacklist: readonly Ticker[];
  /** The only symbols that may be entered; null: those of the universe. */
  readonly whitelist: readonly Ticker[] | null;
}

/** Why the breaker trips. */
export const TRIP_CAUSES = [
  'daily-loss',
  'daily-drawdown',
  'peak-drawdown',
  'market-data-stale',
  'broker-error-rate',
  'consecutive-failures',
  'rejections',
  'reconciliation-stale',
  'reconciliation-failed',
  'unknown-order-old',
  'clock-skew',
] as const;
export type TripCause = (typeof TRIP_CAUSES)[number];

export interface BreakerPolicy {
  /** After a reset only reducing orders pass for so long. */
  readonly quietMs: number;
  /** Causes that also cancel entries and close every position. */
  readonly flattenOn: readonly TripCause[];
}

/** From where on the monitor trips the breaker. */
export interface MonitorPolicy {
  /** Fall of equity from the highest value that it ever had, in basis points. */
  readonly peakDrawdownBpsMax: bigint;
  /** Age of the newest quote in session. */
  readonly marketDataAgeMsMax: number;
  /** How far the monitor looks back for failures and rejections. */
  readonly windowMs: number;
  /** So many orders in a row that failed. */
  readonly consecutiveFailuresMax: number;
  /** More rejected orders than this share, in basis points, and at least so many. */
  readonly rejectedShareBpsMax: bigint;
  readonly rejectionsMin: number;
  /** More failed broker requests than this share, in basis points, and at least so many. */
  readonly brokerErrorShareBpsMax: bigint;
  readonly brokerErrorsMin: number;
  readonly reconciliationAgeMsMax: number;
  /** So many passes in a row that compared nothing. */
  readonly reconciliationFailuresMax: number;
  readonly unknownAgeMsMax: number;
  /** Difference of the house's clock from the broker's, either way. */
  readonly clockSkewMsMax: number;
}

export interface StopPolicy {
  /** Distance of a stop from the average entry price, in hundredths of an average true range. */
  readonly rangePercent: bigint;
  /** The distance where no range is known, in basis points of the price. */
  readonly fallbackBps: bigint;
  /** Whether the stop follows a winning position. */
  readonly trailing: boolean;
  /** Whether a stop order rests at the broker for each position. */
  readonly resident: boolean;
  /** How long the broker's own stop has to work before the house sells by itself. */
  readonly residentGraceMs: number;
  /** A position without its protection for longer is a matter for a person. */
  readonly nakedMsMax: number;
}
