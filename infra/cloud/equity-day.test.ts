import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronExpressions, each, once, type ScheduleRow } from '#infra/cloud/equity-day.ts';
import { ROOMS } from '#infra/cloud/rooms.ts';

/** Reads a cron field as its definition says: `*`, `a-b`, or numbers with commas. */
function numbersOf(field: string, whole: number): readonly number[] {
  if (field === '*') return Array.from({ length: whole }, (_, index) => index);
  return field.split(',').flatMap((part) => {
    const [low = Number.NaN, high = low] = part.split('-').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}

/** Every minute of the day in which the expressions fire, once for each firing. */
function firings(expressions: readonly string[]): readonly number[] {
  return expressions
    .flatMap((expression) => {
      const match = /^cron\((\S+) (\S+) \? \* MON-FRI \*\)$/.exec(expression);
      expect(match).not.toBeNull();
      const [minutes = '', hours = ''] = match?.slice(1) ?? [];
      return numbersOf(hours, 24).flatMap((hour) => numbersOf(minutes, 60).map((minute) => hour * 60 + minute));
    })
    .sort((a, b) => a - b);
}

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

describe('cronExpressions', () => {
  it('fires once in each slot of the row and never beside it', () => {
    const rows = fc.record({
      from: fc.integer({ min: 0, max: 1439 }),
      to: fc.integer({ min: 0, max: 1439 }),
      step: fc.constantFrom(1, 2, 3, 5, 10, 15, 30, 60),
    });
    fc.assert(
      fc.property(rows, ({ from, to, step }) => {
        fc.pre(from <= to);
        const slots: number[] = [];
        for (let minute = from; minute <= to; minute += step) slots.push(minute);
        expect(firings(cronExpressions(each('k', step, clock(from), clock(to))))).toEqual(slots);
      }),
      { seed: 20_260_309, numRuns: 300 },
    );
  });

  it('keeps to the length that the service takes', () => {
    const lengths = ROOMS.flatMap((room) => room.schedules.flatMap(cronExpressions)).map((text) => text.length);
    expect(lengths.length).toBeGreaterThan(0);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(256);
  });

  it.each<[ScheduleRow, RegExp]>([
    [once('k', '9:35'), /"9:35" is no time of day: expected HH:MM/],
    [once('k', '24:00'), /"24:00" is no time of day/],
    [each('k', 1, '16:00', '09:30'), /16:00 is later than 09:30/],
    [each('k', 7, '09:30', '16:00'), /step of 7 minutes does not divide the hour/],
    [each('k', 0, '09:30', '16:00'), /step of 0 minutes/],
  ])('refuses %o', (row, message) => {
    expect(() => cronExpressions(row)).toThrow(message);
  });
});

describe('the equity day', () => {
  const slotsOf = (room: string, kind: string): readonly string[] =>
    ROOMS.filter((row) => row.room === room)
      .flatMap((row) => row.schedules)
      .filter((row) => row.kind === kind)
      .flatMap((row) => firings(cronExpressions(row)))
      .map(clock);

  it('decides after the first reconciliation pass and on quotes of the session', () => {
    const [decide = ''] = slotsOf('orchestrate', 'decide');
    expect(decide).toBe('09:35');
    expect(slotsOf('reconcile', 'pass')[0]).toBe('09:00');
    expect(slotsOf('ingest', 'quotes').filter((slot) => slot < decide)).toContain('09:34');
  });

  it('reconciles and listens for as long as an order can be submitted or filled', () => {
    const passes = slotsOf('reconcile', 'pass');
    expect(passes).toHaveLength(7 * 60 + 31);
    expect(passes.at(-1)).toBe('16:30');
    expect(slotsOf('listen', 'listen')).toHaveLength(7 * 30 + 16);
  });

  it('makes signals after the bars of the session and guards from the first pass to the last', () => {
    expect(slotsOf('ingest', 'daily-bars')).toEqual(['16:30']);
    expect(slotsOf('signal', 'signals')).toEqual(['16:35']);
    const guards = slotsOf('protect', 'guard');
    expect([guards[0], guards.at(-1), guards.length]).toEqual(['09:00', '16:30', 451]);
  });
});
