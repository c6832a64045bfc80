/** The schedules of the plan: those of one function with one input are one row, whatever number of expressions it took. */
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { FunctionPlan, SchedulePlan } from '#infra/local/template/house-plan.ts';
import { arnOf } from '#infra/local/template/physical-names.ts';
import { parseScheduleExpression, type ScheduleExpression } from './schedule-expression.ts';

/** A row that comes so often that a fast run leaves slots out between which nothing happens. */
const GUARD_PERIOD_MS_MAX = 5 * 60_000;

/**
 * What goes first of one instant. Guards go before the step that they guard; and of the guards the pass of
 * reconciliation, because those who look after it must not take the slots that a fast run leaves out for passes that
 * failed.
 */
const ROOMS_FIRST: readonly string[] = ['reconcile', 'listen', 'ingest'];

export interface TimetableRow {
  /** Name of its first schedule. */
  readonly name: string;
  readonly functionName: string;
  /** The shortest time between two slots. */
  readonly periodMs: number;
  /** Comes every few minutes. */
  readonly isGuard: boolean;
  next(after: EpochMs): EpochMs | null;
  last(atOrBefore: EpochMs): EpochMs | null;
  /** What the function gets for a slot. */
  event(slot: EpochMs): unknown;
}

/** In the order in which the rows of one instant are fired. */
export function makeTimetable(
  schedules: readonly SchedulePlan[],
  functions: readonly FunctionPlan[],
  startAt: EpochMs,
): readonly TimetableRow[] {
  const rankOf = (row: TimetableRow): number => {
    const room = functions.find(({ name }) => name === row.functionName)?.room ?? '';
    const place = ROOMS_FIRST.indexOf(room);
    return (row.isGuard ? 0 : 100) + (place === -1 ? ROOMS_FIRST.length : place);
  };
  const groups = new Map<string, SchedulePlan[]>();
  for (const schedule of schedules) {
    const key = JSON.stringify([schedule.functionName, schedule.input]);
    groups.set(key, [...(groups.get(key) ?? []), schedule]);
  }
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [makeRow(first, group, startAt)];
  });
  return rows.sort((a, b) => rankOf(a) - rankOf(b));
}

function makeRow(first: SchedulePlan, group: readonly SchedulePlan[], startAt: EpochMs): TimetableRow {
  const expressions = group.map(({ expression, timeZone }) => parseScheduleExpression(expression, timeZone));
  const next = remembered(earliest(expressions));
  const periodMs = shortestPeriod(next, startAt);
  return {
    name: first.name,
    functionName: first.functionName,
    periodMs,
    isGuard: periodMs <= GUARD_PERIOD_MS_MAX,
    next,
    last: remembered(latest(expressions)),
    event: (slot) => scheduleEvent(first, slot),
  };
}

/** The same instant is asked for at every step until it has come. */
function remembered(find: (instant: EpochMs) => EpochMs | null): (instant: EpochMs) => EpochMs | null {
  let asked: EpochMs | null = null;
  let found: EpochMs | null = null;
  return (instant) => {
    if (asked !== instant) [asked, found] = [instant, find(instant)];
    return found;
  };
}

function earliest(expressions: readonly ScheduleExpression[]): (after: EpochMs) => EpochMs | null {
  return (after) => {
    const found = expressions.flatMap((expression) => expression.next(after) ?? []);
    return found.length === 0 ? null : epochMs(Math.min(...found));
  };
}

function latest(expressions: readonly ScheduleExpression[]): (atOrBefore: EpochMs) => EpochMs | null {
  return (atOrBefore) => {
    const found = expressions.flatMap((expression) => expression.last(atOrBefore) ?? []);
    return found.length === 0 ? null : epochMs(Math.max(...found));
  };
}

const SLOTS_LOOKED_AT = 6;

function shortestPeriod(next: (after: EpochMs) => EpochMs | null, startAt: EpochMs): number {
  let shortest = Number.POSITIVE_INFINITY;
  let slot = next(startAt);
  for (let index = 0; index < SLOTS_LOOKED_AT && slot !== null; index += 1) {
    const following = next(slot);
    if (following !== null) shortest = Math.min(shortest, following - slot);
    slot = following;
  }
  return shortest;
}

/** RFC 3339 to the second, as the scheduler writes instants. */
const scheduledTime = (slot: EpochMs): string => `${new Date(slot).toISOString().slice(0, 19)}Z`;

export function scheduleEvent(schedule: Pick<SchedulePlan, 'name' | 'input'>, slot: EpochMs): unknown {
  const arn = arnOf('scheduler', `schedule/${schedule.name}`);
  if (schedule.input === null) {
    return {
      version: '0',
      id: `${schedule.name}/${scheduledTime(slot)}`,
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      time: scheduledTime(slot),
      resources: [arn],
      detail: '{}',
    };
  }
  return JSON.parse(
    schedule.input
      .replaceAll('<aws.scheduler.scheduled-time>', scheduledTime(slot))
      .replaceAll('<aws.scheduler.schedule-arn>', arn)
      .replaceAll('<aws.scheduler.execution-id>', `${schedule.name}/${scheduledTime(slot)}`)
      .replaceAll('<aws.scheduler.attempt-number>', '1'),
  );
}
