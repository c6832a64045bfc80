/** Share splits, and bars restated for them. */
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { BarColumns } from './types.ts';

/** From the open of its date on, every `from` old shares are `to` new ones: 4-for-1 is to 4, from 1. */
export interface Split {
  readonly ticker: Ticker;
  readonly date: CalendarDate;
  readonly to: number;
  readonly from: number;
}

/**
 * Bars as traded, restated in the shares of a date: prices before each split up to that date are divided by its ratio
 * and volumes multiplied. A split after that date is not known yet and changes nothing.
 */
export function adjustForSplits(bars: BarColumns, splits: readonly Split[], asOf: CalendarDate): BarColumns {
  const known = splits.filter((split) => split.ticker === bars.ticker && split.date <= asOf);
  if (known.length === 0) return bars;
  const adjusted = {
    ...bars,
    open: bars.open.slice(),
    high: bars.high.slice(),
    low: bars.low.slice(),
    close: bars.close.slice(),
    volume: bars.volume.slice(),
  };
  for (const { date, to, from } of known) {
    invariant(to > 0 && from > 0, 'a split has positive terms');
    const ratio = to / from;
    for (let index = 0; index < bars.dates.length && (bars.dates[index] ?? '') < date; index += 1) {
      for (const column of [adjusted.open, adjusted.high, adjusted.low, adjusted.close]) {
        column[index] = (column[index] ?? Number.NaN) / ratio;
      }
      adjusted.volume[index] = (adjusted.volume[index] ?? Number.NaN) * ratio;
    }
  }
  return adjusted;
}
