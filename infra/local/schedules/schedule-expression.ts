/** AWS schedule expressions: cron, rate and at. Instants are whole seconds, as EventBridge Scheduler fires them. */
import { Cron } from 'croner';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { TemplateError } from '#infra/local/template/template-files.ts';

export interface ScheduleExpression {
  /** The first fire strictly after an instant; null when there is none. */
  next(after: EpochMs): EpochMs | null;
  /** The last fire at or before an instant; null when there was none. */
  last(atOrBefore: EpochMs): EpochMs | null;
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** @throws TemplateError for an expression that EventBridge Scheduler would not take. */
export function parseScheduleExpression(expression: string, timeZone: string): ScheduleExpression {
  const [, kind, body] = /^(cron|rate|at)\(([^)]*)\)$/.exec(expression) ?? [];
  if (kind === 'cron' && body !== undefined) return cronExpression(expression, body, timeZone);
  if (kind === 'rate' && body !== undefined) return rateExpression(expression, body);
  if (kind === 'at' && body !== undefined) return onceExpression(expression, body, timeZone);
  throw new TemplateError(`${expression} is no schedule expression: expected cron(...), rate(...) or at(...)`);
}

/** A rate counts from when the schedule was made, which at home is the epoch: every house fires at the same instants. */
function rateExpression(expression: string, body: string): ScheduleExpression {
  const [, count, unit] = /^([1-9]\d*) (minute|hour|day)s?$/.exec(body) ?? [];
  const unitMs = unit === undefined ? undefined : UNIT_MS[unit];
  if (unitMs === undefined) throw new TemplateError(`${expression} is no rate: expected such as rate(5 minutes)`);
  const periodMs = Number(count) * unitMs;
  return {
    next: (after) => epochMs((Math.floor(after / periodMs) + 1) * periodMs),
    last: (atOrBefore) => epochMs(Math.floor(atOrBefore / periodMs) * periodMs),
  };
}

function onceExpression(expression: string, body: string, timeZone: string): ScheduleExpression {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(body)) {
    throw new TemplateError(`${expression} is no instant: expected such as at(2026-03-09T09:35:00)`);
  }
  return ofCron(new Cron(body, { timezone: timeZone, paused: true }));
}

function cronExpression(expression: string, body: string, timeZone: string): ScheduleExpression {
  const fields = body.trim().split(/\s+/);
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields;
  if (fields.length !== 6 || minutes === undefined || hours === undefined || dayOfMonth === undefined) {
    throw new TemplateError(`${expression} has ${fields.length} fields: a cron expression has 6`);
  }
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new TemplateError(`${expression}: exactly one of day of month and day of week is a question mark`);
  }
  const translated = [
    '0',
    steps(minutes, '59'),
    steps(hours, '23'),
    dayOfMonth === '?' ? '*' : steps(dayOfMonth, '31'),
    steps(month ?? '*', '12'),
    dayOfWeek === '?' ? '*' : weekdays(dayOfWeek ?? '*'),
    year ?? '*',
  ].join(' ');
  try {
    return ofCron(new Cron(translated, { timezone: timeZone, paused: true }));
  } catch (cause) {
    throw new TemplateError(`${expression} in ${timeZone} is not understood`, { cause });
  }
}

/** AWS begins a step anywhere ("5/10"); the library wants the range that it runs over. */
const steps = (field: string, max: string): string =>
  field
    .split(',')
    .map((part) => part.replace(/^(\d+)\/(\d+)$/, `$1-${max}/$2`))
    .join(',');

/** AWS counts the days of the week from 1 for Sunday, the library from 0; "6#2" is the second Friday of the month. */
const weekdays = (field: string): string =>
  field
    .split(',')
    .map((part) => {
      const [, days = '', rest = ''] = /^([^#/]*)(.*)$/.exec(part) ?? [];
      const shifted = days.replaceAll(/\d/g, (day) => String(Number(day) - 1));
      return rest.startsWith('/') && /^\d$/.test(shifted) ? `${shifted}-6${rest}` : `${shifted}${rest}`;
    })
    .join(',');

const ofCron = (cron: Cron): ScheduleExpression => ({
  next: (after) => instantOf(cron.nextRun(new Date(after))),
  last: (atOrBefore) =>
    instantOf(cron.previousRuns(1, new Date((Math.floor(atOrBefore / 1000) + 1) * 1000))[0] ?? null),
});

const instantOf = (date: Date | null): EpochMs | null => (date === null ? null : epochMs(date.getTime()));
