import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { calendarDate, epochMs, formatEpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import {
  CalendarRangeError,
  currentSession,
  lastCompletedSession,
  nextOpen,
  nextSession,
  sessionAfter,
  sessionBefore,
  sessionOf,
  sessionsBetween,
  sessionsSince,
  sessionToReconcile,
} from './session-calendar.ts';

const dataFolder = new URL('../../../../shared/data/', import.meta.url);
const dailyBars = new URL('sp500-daily-2013-2018.csv.gz', dataFolder);
const volatilityIndex = new URL('vix-daily.csv', dataFolder);
const indexOf2000 = new URL('../../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);

const on = (text: string) => sessionOf(calendarDate(text));
const at = (text: string) => parseEpochMs(text);
const datesBetween = (from: string, to: string): string[] =>
  sessionsBetween(calendarDate(from), calendarDate(to)).map((session) => session.date);

function firstColumn(text: string): string[] {
  const dates = new Set<string>();
  for (const line of text.split('\n').slice(1)) if (line !== '') dates.add(line.slice(0, 10));
  return [...dates].sort();
}

describe('sessionOf', () => {
  it('opens at 09:30 and closes at 16:00 of New York, in winter and in summer', () => {
    const winter = on('2026-01-05');
    expect(winter && [formatEpochMs(winter.openAt), formatEpochMs(winter.closeAt), winter.halfDay]).toEqual([
      '2026-01-05T14:30:00.000Z',
      '2026-01-05T21:00:00.000Z',
      false,
    ]);
    const summer = on('2026-07-06');
    expect(summer && [formatEpochMs(summer.openAt), formatEpochMs(summer.closeAt)]).toEqual([
      '2026-07-06T13:30:00.000Z',
      '2026-07-06T20:00:00.000Z',
    ]);
  });

  it.each([
    ['1994-04-27', 'funeral of Nixon'],
    ['2001-09-11', 'attack'],
    ['2001-09-14', 'attack'],
    ['2004-06-11', 'mourning for Reagan'],
    ['2007-01-02', 'mourning for Ford'],
    ['2012-10-29', 'Sandy'],
    ['2012-10-30', 'Sandy'],
    ['2018-12-05', 'mourning for Bush'],
    ['2025-01-09', 'mourning for Carter'],
    ['2022-06-20', 'Juneteenth, observed on Monday'],
    ['2027-06-18', 'Juneteenth, observed on Friday'],
    ['2026-07-03', 'Independence Day, observed on Friday'],
    ['2021-07-05', 'Independence Day, observed on Monday'],
    ['1998-01-19', 'the first Martin Luther King Day'],
    ['2023-01-02', 'New Year, observed on Monday'],
    ['2021-12-24', 'Christmas, observed on Friday'],
    ['2024-03-29', 'Good Friday'],
    ['2026-04-03', 'Good Friday'],
    ['2026-11-26', 'Thanksgiving'],
    ['2026-05-25', 'Memorial Day'],
    ['2026-08-01', 'a Saturday'],
  ])('has none on %s (%s)', (date) => {
    expect(on(date)).toBeNull();
  });

  it.each([
    ['2021-12-31', 'New Year on a Saturday is not made up for'],
    ['2010-12-31', 'New Year on a Saturday is not made up for'],
    ['2021-06-18', 'Juneteenth was no holiday yet'],
    ['1997-01-20', 'Martin Luther King Day was no holiday yet'],
    ['2025-12-26', 'the day after Christmas'],
    ['2012-10-31', 'the day after Sandy'],
    ['2001-09-17', 'the day the market came back'],
  ])('has one on %s (%s)', (date) => {
    expect(on(date)).not.toBeNull();
  });

  it('closes at 13:00 on the half days of each year', () => {
    const halfDays = (year: number): string[] =>
      sessionsBetween(calendarDate(`${year}-01-01`), calendarDate(`${year}-12-31`))
        .filter((session) => session.halfDay)
        .map((session) => session.date);
    expect(halfDays(1990)).toEqual(['1990-12-24']);
    expect(halfDays(1996)).toEqual(['1996-07-05', '1996-11-29', '1996-12-24']);
    expect(halfDays(2002)).toEqual(['2002-07-05', '2002-11-29', '2002-12-24']);
    expect(halfDays(2003)).toEqual(['2003-07-03', '2003-11-28', '2003-12-24', '2003-12-26']);
    expect(halfDays(2009)).toEqual(['2009-11-27', '2009-12-24']);
    expect(halfDays(2013)).toEqual(['2013-07-03', '2013-11-29', '2013-12-24']);
    expect(halfDays(2021)).toEqual(['2021-11-26']);
    expect(halfDays(2024)).toEqual(['2024-07-03', '2024-11-29', '2024-12-24']);
    expect(halfDays(2025)).toEqual(['2025-07-03', '2025-11-28', '2025-12-24']);
    expect(halfDays(2028)).toEqual(['2028-07-03', '2028-11-24']);
    const christmasEve = on('2025-12-24');
    expect(christmasEve && formatEpochMs(christmasEve.closeAt)).toBe('2025-12-24T18:00:00.000Z');
    const before1993 = on('1992-11-27');
    expect(before1993 && formatEpochMs(before1993.closeAt)).toBe('1992-11-27T19:00:00.000Z');
  });

  it('keeps interruptions out of the half days', () => {
    const snow = on('1996-01-08');
    expect(snow && [formatEpochMs(snow.openAt), formatEpochMs(snow.closeAt), snow.halfDay]).toEqual([
      '1996-01-08T16:00:00.000Z',
      '1996-01-08T19:00:00.000Z',
      false,
    ]);
  });

  it('refuses a day outside its years and says which it covers', () => {
    expect(() => on('1989-12-29')).toThrow(CalendarRangeError);
    expect(() => on('2051-01-03')).toThrow(/1990 to 2050/);
  });
});

describe('sessionsBetween', () => {
  it('counts the sessions of known years', () => {
    const count = (year: number): number => datesBetween(`${year}-01-01`, `${year}-12-31`).length;
    expect([1990, 2001, 2008, 2012, 2018, 2022, 2024, 2025, 2026].map(count)).toEqual([
      253, 248, 253, 250, 251, 251, 252, 250, 251,
    ]);
  });

  it('includes both ends and crosses years', () => {
    expect(datesBetween('2024-12-31', '2025-01-03')).toEqual(['2024-12-31', '2025-01-02', '2025-01-03']);
    expect(datesBetween('2025-01-04', '2025-01-05')).toEqual([]);
    expect(datesBetween('2025-01-06', '2025-01-03')).toEqual([]);
  });

  it.skipIf(!existsSync(dailyBars))(
    'equals the sessions of the daily bars, 2013 to 2018 (skipped without the data)',
    () => {
      const dates = firstColumn(gunzipSync(readFileSync(dailyBars)).toString('latin1'));
      expect(datesBetween('2013-02-08', '2018-02-07')).toEqual(dates);
    },
  );

  it('equals the sessions of the S&P 500 index, 2000 to 2020', () => {
    const dates = firstColumn(readFileSync(indexOf2000, 'utf8'));
    expect(dates).toHaveLength(5105);
    expect(datesBetween('2000-01-03', '2020-04-17')).toEqual(dates);
  });

  it.skipIf(!existsSync(volatilityIndex))(
    'equals the days of the volatility index, 1990 to 2021, and has its later days (skipped without the data)',
    () => {
      const dates = firstColumn(readFileSync(volatilityIndex, 'utf8'));
      const sessions = new Set(datesBetween('1990-01-02', dates.at(-1) ?? ''));
      // The file has a row for the day of mourning in 2004, since 2022 rows for holidays with overnight trading, and gaps.
      expect(dates.filter((date) => date < '2022' && !sessions.has(date))).toEqual(['2004-06-11']);
      const indexed = new Set(dates);
      expect([...sessions].filter((date) => !indexed.has(date))).toEqual([
        '1991-03-01',
        '1997-01-31',
        '1997-11-26',
        '1999-12-31',
      ]);
    },
  );
});

describe('sessions around an instant', () => {
  it('trades from the open until just before the close', () => {
    expect(currentSession(at('2026-03-09T13:29:59.999Z'))).toBeNull();
    expect(currentSession(at('2026-03-09T13:30:00Z'))?.date).toBe('2026-03-09');
    expect(currentSession(at('2026-03-09T19:59:59.999Z'))?.date).toBe('2026-03-09');
    expect(currentSession(at('2026-03-09T20:00:00Z'))).toBeNull();
    expect(currentSession(at('2026-03-08T15:00:00Z'))).toBeNull();
  });

  it('completes a session at its close, early closes included', () => {
    expect(lastCompletedSession(at('2026-03-09T19:59:59.999Z')).date).toBe('2026-03-06');
    expect(lastCompletedSession(at('2026-03-09T20:00:00Z')).date).toBe('2026-03-09');
    expect(lastCompletedSession(at('2025-12-24T17:59:59Z')).date).toBe('2025-12-23');
    expect(lastCompletedSession(at('2025-12-24T18:00:00Z')).date).toBe('2025-12-24');
    expect(lastCompletedSession(at('2025-01-10T03:00:00Z')).date).toBe('2025-01-08');
    expect(lastCompletedSession(at('2001-09-15T12:00:00Z')).date).toBe('2001-09-10');
  });

  it('is reconciled from midnight in New York until the next one is', () => {
    expect(sessionToReconcile(at('2026-03-09T03:59:59.999Z')).date).toBe('2026-03-06');
    expect(sessionToReconcile(at('2026-03-09T04:00:00Z')).date).toBe('2026-03-09');
    expect(sessionToReconcile(at('2026-03-09T13:00:00Z')).date).toBe('2026-03-09');
    expect(sessionToReconcile(at('2026-03-09T15:00:00Z')).date).toBe('2026-03-09');
    expect(sessionToReconcile(at('2026-03-10T03:59:59Z')).date).toBe('2026-03-09');
    expect(sessionToReconcile(at('2026-03-14T15:00:00Z')).date).toBe('2026-03-13');
    expect(sessionToReconcile(at('2025-12-25T15:00:00Z')).date).toBe('2025-12-24');
  });

  it('opens next strictly later, over weekends, holidays and years', () => {
    const monday = nextSession(at('2026-03-06T14:30:00Z'));
    expect(monday.date).toBe('2026-03-09');
    expect(nextOpen(at('2026-03-06T14:29:59.999Z'))).toBe(at('2026-03-06T14:30:00Z'));
    expect(nextOpen(at('2025-12-31T22:00:00Z'))).toBe(at('2026-01-02T14:30:00Z'));
    expect(nextSession(epochMs(monday.openAt - 1)).date).toBe('2026-03-09');
  });

  it('steps and counts by sessions', () => {
    expect(sessionAfter(calendarDate('2026-04-02')).date).toBe('2026-04-06');
    expect(sessionBefore(calendarDate('2026-04-06')).date).toBe('2026-04-02');
    expect(sessionsSince(calendarDate('2026-04-02'), calendarDate('2026-04-06'))).toBe(1);
    expect(sessionsSince(calendarDate('2026-04-04'), calendarDate('2026-04-07'))).toBe(2);
    expect(sessionsSince(calendarDate('2026-04-06'), calendarDate('2026-04-06'))).toBe(0);
  });
});
