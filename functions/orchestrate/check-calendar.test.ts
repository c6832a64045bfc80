import { describe, expect, it } from 'vitest';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionOf, sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import { calendarRefusal } from './check-calendar.ts';

/** Independence Day and the half day before it lie in the week. */
const WEEK = sessionsBetween(calendarDate('2024-07-02'), calendarDate('2024-07-09'));

async function check(theirs: readonly Session[]) {
  const said: string[] = [];
  const today = sessionOf(calendarDate('2024-07-02'));
  if (today === null) throw new Error('2024-07-02 is a session');
  const quiet = (): void => undefined;
  const telemetry = {
    info: quiet,
    warn: quiet,
    count: quiet,
    measure: quiet,
    measureFor: quiet,
    error: (_: string, fields: object = {}) => void said.push(JSON.stringify(fields)),
  };
  const broker = { calendar: () => Promise.resolve(theirs) };
  return { refusal: await calendarRefusal({ broker, telemetry }, today), said };
}

describe('the calendar of a run', () => {
  it('agrees with the broker, with its holiday and its half day', async () => {
    expect(await check(WEEK)).toEqual({ refusal: null, said: [] });
  });

  it('refuses entries when the broker has no session today, or another close', async () => {
    const closed = await check(WEEK.slice(1));
    expect(closed.refusal).toMatchObject({ code: 'calendar-differs', context: { kind: 'missing' } });
    const early = WEEK.map((session, index) =>
      index === 0 ? { ...session, closeAt: addMs(session.closeAt, -3 * 3_600_000) } : session,
    );
    expect((await check(early)).refusal).toMatchObject({
      code: 'calendar-differs',
      context: { kind: 'close-differs' },
    });
  });

  it('says what differs later, and decides today', async () => {
    const { refusal, said } = await check(WEEK.filter(({ date }) => date !== '2024-07-08'));
    expect([refusal, said]).toEqual([null, ['{"date":"2024-07-08","kind":"missing"}']]);
  });
});
