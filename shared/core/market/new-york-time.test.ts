import { describe, expect, it } from 'vitest';
import { calendarDate, epochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate, newYorkInstant, newYorkTime } from './new-york-time.ts';

const reference = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

function asSeenByTheRuntime(instantMs: number): { date: string; minuteOfDay: number } {
  const parts = new Map(reference.formatToParts(instantMs).map((part) => [part.type, part.value]));
  return {
    date: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`,
    minuteOfDay: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

describe('newYorkTime', () => {
  it('shows what the time-zone database shows, every 11 hours from 1987 to 2037', () => {
    for (let at = Date.UTC(1987, 0, 1); at < Date.UTC(2037, 0, 1); at += 11 * 3_600_000) {
      expect(newYorkTime(epochMs(at))).toEqual(asSeenByTheRuntime(at));
    }
  });

  it('changes at the minute of the law, in spring and in autumn', () => {
    for (const change of [
      '2006-04-02T07:00:00Z',
      '2006-10-29T06:00:00Z',
      '2026-03-08T07:00:00Z',
      '2026-11-01T06:00:00Z',
    ]) {
      for (const step of [-60_000, 0, 60_000]) {
        const at = parseEpochMs(change) + step;
        expect(newYorkTime(epochMs(at))).toEqual(asSeenByTheRuntime(at));
      }
    }
  });

  it('keeps the day of New York in the late evening', () => {
    expect(newYorkDate(parseEpochMs('2026-03-10T03:59:59Z'))).toBe('2026-03-09');
    expect(newYorkDate(parseEpochMs('2026-03-10T04:00:00Z'))).toBe('2026-03-10');
  });
});

describe('newYorkInstant', () => {
  it('finds the instant back for every quarter of an hour of a year but those of the repeated hour', () => {
    const lost: number[] = [];
    for (let at = Date.UTC(2025, 0, 1, 5); at < Date.UTC(2026, 0, 1, 5); at += 900_000) {
      const { date, minuteOfDay } = newYorkTime(epochMs(at));
      if (newYorkInstant(date, minuteOfDay) !== at) lost.push(at);
    }
    expect(lost).toEqual([0, 15, 30, 45].map((minute) => Date.UTC(2025, 10, 2, 6, minute)));
  });

  it('takes the first of two instants where the clock goes back, and standard time where it goes forward', () => {
    expect(newYorkInstant(calendarDate('2025-11-02'), 90)).toBe(parseEpochMs('2025-11-02T05:30:00Z'));
    expect(newYorkInstant(calendarDate('2025-03-09'), 150)).toBe(parseEpochMs('2025-03-09T07:30:00Z'));
  });
});
