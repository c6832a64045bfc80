import { describe, expect, it } from 'vitest';
import { addMs, epochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { cronExpressions, each, EQUITY_TIME_ZONE, once } from '#infra/cloud/equity-day.ts';
import { parseScheduleExpression } from '#infra/local/schedules/schedule-expression.ts';
import { EquityDayRow } from './equity-day-rows.ts';

describe('the slots of a row', () => {
  it.each([once('decide', '09:35'), each('quotes', 1, '09:30', '16:00'), each('listen', 2, '09:00', '16:29')])(
    'are those of its cron expressions, over weekends and changes of the clock: $kind',
    (schedule) => {
      const row = new EquityDayRow(schedule);
      const crons = cronExpressions(schedule).map((text) => parseScheduleExpression(text, EQUITY_TIME_ZONE));
      const start = parseEpochMs('2024-03-07T13:59:00Z');
      for (let step = 0; step < 220; step += 1) {
        const at = addMs(start, step * 37 * 60_000 + (step % 3));
        const next = crons.flatMap((cron) => cron.next(at) ?? []);
        const last = crons.flatMap((cron) => cron.last(at) ?? []);
        expect([row.next(at), row.last(at)]).toEqual([epochMs(Math.min(...next)), epochMs(Math.max(...last))]);
      }
    },
  );
});
