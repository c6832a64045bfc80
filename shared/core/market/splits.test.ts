import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { adjustForSplits, type Split } from './splits.ts';
import type { BarColumns } from './types.ts';

const AAA = ticker('AAA');
const bars: BarColumns = {
  ticker: AAA,
  dates: ['2024-06-07', '2024-06-10', '2024-06-11'].map(calendarDate),
  open: Float64Array.of(400, 101, 99),
  high: Float64Array.of(408, 103, 100),
  low: Float64Array.of(396, 98, 97),
  close: Float64Array.of(404, 100, 98),
  volume: Float64Array.of(1000, 4100, 3900),
};
const fourForOne: Split = { ticker: AAA, date: calendarDate('2024-06-10'), to: 4, from: 1 };

describe('adjustForSplits', () => {
  it('restates what lies before the split, and leaves the traded bars alone', () => {
    const adjusted = adjustForSplits(bars, [fourForOne], calendarDate('2024-06-10'));
    expect([adjusted.open, adjusted.high, adjusted.low, adjusted.close, adjusted.volume]).toEqual([
      Float64Array.of(100, 101, 99),
      Float64Array.of(102, 103, 100),
      Float64Array.of(99, 98, 97),
      Float64Array.of(101, 100, 98),
      Float64Array.of(4000, 4100, 3900),
    ]);
    expect(bars.close[0]).toBe(404);
  });

  it('does not know a split before its day, nor one of another symbol', () => {
    expect(adjustForSplits(bars, [fourForOne], calendarDate('2024-06-07'))).toBe(bars);
    expect(adjustForSplits(bars, [{ ...fourForOne, ticker: ticker('BBB') }], calendarDate('2024-06-11'))).toBe(bars);
  });

  it('stacks several splits, joins of shares included', () => {
    const join: Split = { ticker: AAA, date: calendarDate('2024-06-11'), to: 1, from: 2 };
    expect(adjustForSplits(bars, [fourForOne, join], calendarDate('2024-06-11')).close).toEqual(
      Float64Array.of(202, 200, 98),
    );
  });
});
