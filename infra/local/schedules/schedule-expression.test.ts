import { describe, expect, it } from 'vitest';
import { type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { TemplateError } from '#infra/local/template/template-files.ts';
import { parseScheduleExpression } from './schedule-expression.ts';

const ZONE = 'America/New_York';
const at = (text: string): EpochMs => parseEpochMs(text);
const text = (instant: EpochMs | null): string | null => (instant === null ? null : new Date(instant).toISOString());

function fires(expression: string, after: string, count: number, zone: string = ZONE): readonly (string | null)[] {
  const schedule = parseScheduleExpression(expression, zone);
  const found: (string | null)[] = [];
  let from = at(after);
  for (let index = 0; index < count; index += 1) {
    const next = schedule.next(from);
    found.push(text(next));
    if (next === null) break;
    from = next;
  }
  return found;
}

describe('schedule expressions', () => {
  it('fires on weekdays at a New York hour, over the change to daylight time', () => {
    // 2024-03-08 is a Friday, and New York moved to daylight time on Sunday the 10th.
    expect(fires('cron(35 9 ? * MON-FRI *)', '2024-03-08T00:00:00Z', 3)).toEqual([
      '2024-03-08T14:35:00.000Z',
      '2024-03-11T13:35:00.000Z',
      '2024-03-12T13:35:00.000Z',
    ]);
  });

  it('counts the days of the week from Sunday as 1, as AWS does', () => {
    const named = fires('cron(0 12 ? * MON-FRI *)', '2024-03-03T00:00:00Z', 6);
    expect(fires('cron(0 12 ? * 2-6 *)', '2024-03-03T00:00:00Z', 6)).toEqual(named);
    expect(fires('cron(0 12 ? * 1 *)', '2024-03-03T00:00:00Z', 1, 'UTC')).toEqual(['2024-03-03T12:00:00.000Z']);
    expect(fires('cron(0 12 ? * 7 *)', '2024-03-03T00:00:00Z', 1, 'UTC')).toEqual(['2024-03-09T12:00:00.000Z']);
  });

  it('understands steps that begin anywhere', () => {
    expect(fires('cron(5/20 9 ? * * *)', '2024-03-04T00:00:00Z', 4, 'UTC')).toEqual([
      '2024-03-04T09:05:00.000Z',
      '2024-03-04T09:25:00.000Z',
      '2024-03-04T09:45:00.000Z',
      '2024-03-05T09:05:00.000Z',
    ]);
  });

  it('finds the second Friday of a month', () => {
    expect(fires('cron(0 0 ? * 6#2 *)', '2024-03-01T00:00:00Z', 2, 'UTC')).toEqual([
      '2024-03-08T00:00:00.000Z',
      '2024-04-12T00:00:00.000Z',
    ]);
  });

  it('tells the last fire at or before an instant', () => {
    const schedule = parseScheduleExpression('cron(* 9-16 ? * MON-FRI *)', ZONE);
    expect(text(schedule.last(at('2024-03-08T14:35:00Z')))).toBe('2024-03-08T14:35:00.000Z');
    expect(text(schedule.last(at('2024-03-08T14:34:59.999Z')))).toBe('2024-03-08T14:34:00.000Z');
    expect(text(schedule.last(at('2024-03-10T12:00:00Z')))).toBe('2024-03-08T21:59:00.000Z');
  });

  it('fires rates at multiples of their period', () => {
    expect(fires('rate(5 minutes)', '2024-03-08T14:32:10Z', 2)).toEqual([
      '2024-03-08T14:35:00.000Z',
      '2024-03-08T14:40:00.000Z',
    ]);
    const schedule = parseScheduleExpression('rate(1 minute)', ZONE);
    expect(text(schedule.last(at('2024-03-08T14:32:00Z')))).toBe('2024-03-08T14:32:00.000Z');
  });

  it('fires an at expression once', () => {
    expect(fires('at(2024-03-08T09:30:00)', '2024-03-01T00:00:00Z', 2)).toEqual(['2024-03-08T14:30:00.000Z', null]);
  });

  it.each([
    'every minute',
    'cron(0 9 * * MON *)',
    'cron(0 9 ? * ? *)',
    'cron(0 9 * * *)',
    'rate(0 minutes)',
    'rate(5 weeks)',
  ])('refuses %s', (expression) => {
    expect(() => parseScheduleExpression(expression, ZONE)).toThrow(TemplateError);
  });
});
