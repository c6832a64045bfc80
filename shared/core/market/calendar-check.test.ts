import { describe, expect, it } from 'vitest';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import { calendarDifferences } from './calendar-check.ts';
import { sessionsBetween } from './session-calendar.ts';

const ours = sessionsBetween(calendarDate('2025-11-24'), calendarDate('2025-12-05'));
const extra = sessionsBetween(calendarDate('2025-12-08'), calendarDate('2025-12-08'));

describe('calendarDifferences', () => {
  it('finds none between equal calendars', () => {
    expect(calendarDifferences(ours, ours.toReversed())).toEqual([]);
  });

  it('names days and hours that differ, by date', () => {
    const theirs = ours
      .filter(({ date }) => date !== '2025-12-03')
      .map((session) => {
        // A half day that the broker does not know of, and an open that it has an hour later.
        if (session.date === '2025-11-28') return { ...session, closeAt: addMs(session.closeAt, 3 * 3_600_000) };
        return session.date === '2025-12-01' ? { ...session, openAt: addMs(session.openAt, 3_600_000) } : session;
      });
    expect(calendarDifferences(ours, [...extra, ...theirs])).toEqual([
      { date: '2025-11-28', kind: 'close-differs' },
      { date: '2025-12-01', kind: 'open-differs' },
      { date: '2025-12-03', kind: 'missing' },
      { date: '2025-12-08', kind: 'unexpected' },
    ]);
  });
});
