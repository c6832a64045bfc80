import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { blockedSymbols, validateBars } from './data-validator.ts';
import { EntryGate } from './entry-gate.ts';
import { historyStart } from './history.ts';
import { sessionsBetween } from './session-calendar.ts';
import type { BarColumns } from './types.ts';

const dates = sessionsBetween(calendarDate('2023-10-02'), calendarDate('2025-02-28')).map((session) => session.date);
const NAMES = ['AAA', 'BBB', 'CCC'].map(ticker);

function barsOf(name: (typeof NAMES)[number], kept: readonly number[]): BarColumns {
  const ones = new Float64Array(kept.length).fill(1);
  return {
    ticker: name,
    dates: kept.flatMap((day) => dates[day] ?? []),
    open: ones,
    high: ones,
    low: ones,
    close: ones,
    volume: ones,
  };
}

/** What a live room finds: it loads the history of the session and validates it. */
function validated(bars: readonly BarColumns[], day: number): string[] {
  const session = dates[day] ?? calendarDate('');
  const loaded = bars.map((columns) => {
    const kept = columns.dates.filter((date) => date >= historyStart(session) && date <= session);
    return barsOf(
      columns.ticker,
      kept.map((date) => dates.indexOf(date)),
    );
  });
  const { report } = validateBars({ bars: loaded, universe: NAMES, session });
  const blocked = blockedSymbols(report);
  return NAMES.filter((name) => !blocked.has(name));
}

const presence = fc.tuple(
  fc.nat(dates.length - 1),
  fc.uniqueArray(fc.nat(dates.length - 1), { maxLength: 25, size: 'max' }),
  fc.boolean(),
);

describe('EntryGate', () => {
  it('answers as the validator does on what a live room would have loaded', () => {
    fc.assert(
      fc.property(
        fc.tuple(presence, presence, presence),
        fc.array(fc.nat(dates.length - 1), { minLength: 5 }),
        (symbols, days) => {
          const bars = symbols.map(([first, holes, suspended], index) => {
            const kept = dates.flatMap((_, day) =>
              day < first || holes.includes(day) || (suspended && day > 20 && day < 310) ? [] : [day],
            );
            return barsOf(NAMES[index] ?? ticker('ZZZ'), kept);
          });
          const gate = new EntryGate(bars, new Set(NAMES));
          for (const day of [...days, dates.length - 1]) {
            expect([...gate.enterableAsOf(dates[day] ?? calendarDate(''))]).toEqual(validated(bars, day));
          }
        },
      ),
      { seed: 61, numRuns: 60 },
    );
  });

  it('lets nothing in on a day without a session, outside the universe, or without bars', () => {
    const bars = [
      barsOf(
        NAMES[0] ?? ticker('ZZZ'),
        dates.map((_, day) => day),
      ),
    ];
    expect(new EntryGate(bars, new Set(NAMES)).enterableAsOf(calendarDate('2024-06-29')).size).toBe(0);
    expect(new EntryGate(bars, new Set()).enterableAsOf(calendarDate('2024-06-28')).size).toBe(0);
    expect([...new EntryGate(bars, new Set(NAMES)).enterableAsOf(calendarDate('2024-06-28'))]).toEqual(['AAA']);
    expect(new EntryGate([], new Set(NAMES)).enterableAsOf(calendarDate('2024-06-28')).size).toBe(0);
  });
});
