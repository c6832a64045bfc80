import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { BarEncodingError, decodeYear, encodeYear, mergeBars, splitByYear } from './bar-encoding.ts';
import { sliceBars } from './history.ts';
import { sessionsBetween } from './session-calendar.ts';
import type { BarColumns } from './types.ts';

const AAA = ticker('AAA');
const sessions = sessionsBetween(calendarDate('2023-11-01'), calendarDate('2025-02-28')).map((session) => session.date);

function barsFrom(values: readonly number[], dates = sessions): BarColumns {
  const column = (shift: number): Float64Array =>
    Float64Array.from(dates, (_, day) => values[(day * 5 + shift) % values.length] ?? 0);
  return { ticker: AAA, dates, open: column(0), high: column(1), low: column(2), close: column(3), volume: column(4) };
}

const doubles = fc.array(fc.double(), { minLength: 1, maxLength: 60, size: 'max' });

describe('encodeYear', () => {
  it('gives back every double bit for bit, NaN and -0 included', () => {
    fc.assert(
      fc.property(doubles, (values) => {
        const bars = barsFrom([...values, Number.NaN, -0, Number.MIN_VALUE, 0.1 + 0.2]);
        for (const part of splitByYear(bars)) {
          expect(decodeYear(AAA, encodeYear(part.bars, part.year))).toEqual(part);
        }
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it('packs a year of sessions into 11 KB, and reads from any place in a buffer', () => {
    const part = splitByYear(barsFrom([1, 2, 3])).find(({ year }) => year === 2024);
    const bytes = encodeYear(part?.bars ?? barsFrom([1]), 2024);
    expect(bytes.length).toBe(12 + 252 * 42);
    const shifted = new Uint8Array(bytes.length + 7);
    shifted.set(bytes, 5);
    expect(decodeYear(AAA, shifted.subarray(5, 5 + bytes.length)).bars).toEqual(part?.bars);
  });

  it('packs a year without sessions', () => {
    const empty = sliceBars(barsFrom([1]), 0, 0);
    expect(decodeYear(AAA, encodeYear(empty, 2024))).toEqual({ year: 2024, bars: empty });
  });

  it('refuses dates of another year, repeats and dates out of order', () => {
    const of = (...dates: string[]): BarColumns => barsFrom([1], dates.map(calendarDate));
    expect(() => encodeYear(of('2023-12-29'), 2024)).toThrow(BarEncodingError);
    expect(() => encodeYear(of('2025-01-01'), 2024)).toThrow(/2025-01-01 does not follow in 2024/);
    expect(() => encodeYear(of('2024-01-03', '2024-01-03'), 2024)).toThrow(BarEncodingError);
    expect(() => encodeYear(of('2024-01-04', '2024-01-03'), 2024)).toThrow(BarEncodingError);
    expect(() => encodeYear({ ...of('2024-01-04'), close: new Float64Array(0) }, 2024)).toThrow(
      /0 values of close for 1 dates/,
    );
  });
});

describe('decodeYear', () => {
  const bytes = encodeYear(
    barsFrom(
      [1, 2],
      sessions.filter((date) => date.startsWith('2024')),
    ),
    2024,
  );

  it('refuses bytes with any one bit changed', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        // The fourth byte is not used yet.
        fc.pre(at !== 3 && (at < 4 || at > 5));
        const changed = bytes.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(() => decodeYear(AAA, changed)).toThrow(BarEncodingError);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it('refuses bytes that are cut off, empty or of another format', () => {
    expect(() => decodeYear(AAA, bytes.subarray(0, bytes.length - 1))).toThrow(/bytes for 252 sessions/);
    expect(() => decodeYear(AAA, new Uint8Array(0))).toThrow(/no header/);
    const future = bytes.slice();
    future[2] = 2;
    expect(() => decodeYear(AAA, future)).toThrow(/format 2, expected 1/);
  });
});

describe('mergeBars', () => {
  const all = barsFrom([10, 12, 9, 11, 1000]);
  const part = (start: number, end: number): BarColumns => sliceBars(all, start, end);

  it('appends, fills holes and changes nothing a second time', () => {
    const appended = mergeBars(part(0, 100), part(95, 104));
    expect(appended.bars).toEqual(part(0, 104));
    expect([appended.added, appended.restated]).toEqual([sessions.slice(100, 104), []]);
    const again = mergeBars(appended.bars, part(95, 104));
    expect(again).toEqual({ bars: appended.bars, added: [], restated: [] });
    const holed = mergeBars(mergeBars(part(0, 3), part(5, 8)).bars, part(2, 6));
    expect(holed.bars).toEqual(part(0, 8));
    expect(holed.added).toEqual(sessions.slice(3, 5));
  });

  it('lets the newer values win and names their sessions', () => {
    const known = barsFrom([10, 12, 9, 11, 1000]);
    const newer = sliceBars(barsFrom([10, 12, 9, 11, 1000]), 3, 6);
    newer.close[1] = 10.75;
    const { bars, added, restated } = mergeBars(known, newer);
    expect([added, restated]).toEqual([[], [sessions[4]]]);
    expect([bars.close[3], bars.close[4], bars.close[5]]).toEqual([known.close[3], 10.75, known.close[5]]);
    expect(known.close[4]).not.toBe(10.75);
  });
});
