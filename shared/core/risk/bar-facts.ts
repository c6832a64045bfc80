/** What the checks need of a symbol's daily bars: how much trades in a session, and how far a price moves in one. */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import { ZERO_PRICE, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { equityInstrument, quantize } from '#shared/core/market/instrument-rules.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { averageTrueRange } from '#shared/core/signal/indicators/average-range.ts';

/** Sessions that an average volume is taken over: a month. */
const VOLUME_SESSIONS = 20;
/** Wilder's own period. */
const RANGE_SESSIONS = 14;

export interface BarFacts {
  /** The last session that there is a bar of. */
  readonly asOf: CalendarDate;
  /** Mean volume of the last 20 sessions, in whole units rounded down; zero where there are fewer bars. */
  readonly averageVolume: Quantity;
  /** Average true range of 14 sessions, rounded up to a tick; zero where there are fewer bars. */
  readonly averageRange: Price;
}

/** @returns null when there is no bar at all. */
export function barFactsOf(bars: BarColumns): BarFacts | null {
  const asOf = bars.dates.at(-1);
  if (asOf === undefined) return null;
  const quantizer = quantize(equityInstrument(bars.ticker, bars.ticker));
  const volumes = bars.volume.subarray(-VOLUME_SESSIONS);
  const meanVolume = volumes.reduce((sum, volume) => sum + volume, 0) / VOLUME_SESSIONS;
  const range = averageTrueRange(bars, RANGE_SESSIONS).at(-1) ?? Number.NaN;
  const known = volumes.length === VOLUME_SESSIONS && Number.isFinite(meanVolume);
  return {
    asOf,
    averageVolume: known ? quantizer.quantity(meanVolume, 'floor') : ZERO_QUANTITY,
    averageRange: Number.isFinite(range) && range > 0 ? quantizer.price(range, 'ceiling') : ZERO_PRICE,
  };
}
