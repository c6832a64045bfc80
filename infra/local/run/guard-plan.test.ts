import { describe, expect, it } from 'vitest';
import { type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { makeTimetable } from '#infra/local/schedules/timetable.ts';
import type { FunctionPlan, SchedulePlan } from '#infra/local/template/house-plan.ts';
import type { TimetableRow } from '#infra/local/schedules/timetable.ts';
import { GuardPlan } from './guard-plan.ts';

const at = (time: string): EpochMs => parseEpochMs(`2024-03-08T${time}Z`);
const schedule = (functionName: string, expression: string, kind = 'pass'): SchedulePlan => ({
  name: `${functionName} ${expression}`,
  expression,
  timeZone: 'America/New_York',
  functionName,
  input: `{"kind":"${kind}"}`,
});
const lambda = (room: string): FunctionPlan => ({
  name: room,
  room,
  handlerExport: 'handler',
  timeoutSeconds: 60,
  memoryMb: 128,
  environment: {},
  asynchronous: { retriesMax: 0, eventAgeSecondsMax: 60, onFailureQueue: null },
});

/** One guard over two expressions, as a window that ends within an hour takes. */
const SCHEDULES = [
  schedule('protect', 'cron(30-59 9 ? * MON-FRI *)', 'guard'),
  schedule('protect', 'cron(* 10-15 ? * MON-FRI *)', 'guard'),
  schedule('reconcile', 'cron(* 9-15 ? * MON-FRI *)'),
  schedule('reconcile', 'cron(0-30 16 ? * MON-FRI *)'),
  schedule('orchestrate', 'cron(35 9 ? * MON-FRI *)', 'decide'),
];
const timetable = makeTimetable(SCHEDULES, ['protect', 'reconcile', 'orchestrate'].map(lambda), at('05:00:00'));

describe('the timetable', () => {
  it('joins the expressions of one function and one input, guards first and reconciliation before all', () => {
    expect(timetable.map(({ functionName, isGuard, periodMs }) => [functionName, isGuard, periodMs])).toEqual([
      ['reconcile', true, 60_000],
      ['protect', true, 60_000],
      ['orchestrate', false, 86_400_000],
    ]);
    const [reconcile] = timetable;
    expect(reconcile?.next(at('20:59:00'))).toBe(at('21:00:00'));
    expect(reconcile?.last(at('23:00:00'))).toBe(at('21:30:00'));
  });
});

describe('the slots of guards that a fast run keeps', () => {
  const plan = (): GuardPlan<TimetableRow> =>
    new GuardPlan<TimetableRow>(
      timetable.filter(({ isGuard }) => isGuard),
      new Map(),
    );
  function take(guards: GuardPlan<TimetableRow>): string {
    const next = guards.next();
    if (next === null) return 'none';
    guards.done(next);
    return `${next.row.functionName} ${new Date(next.slot).toISOString().slice(11, 16)}`;
  }
  const takeAll = (guards: GuardPlan<TimetableRow>): readonly string[] => {
    const taken: string[] = [];
    for (let one = take(guards); one !== 'none'; one = take(guards)) taken.push(one);
    return taken;
  };

  it('are the first and last of a day, and those at open and close', () => {
    const guards = plan();
    guards.planDay(at('06:00:00'));
    guards.planDay(at('06:00:00'));
    expect(takeAll(guards)).toEqual([
      'reconcile 14:00',
      'reconcile 14:30',
      'protect 14:30',
      'protect 20:59',
      'reconcile 21:00',
      'reconcile 21:30',
    ]);
  });

  it('are the ones current at a step, and the next ones after something happened', () => {
    const guards = plan();
    guards.planBefore(at('14:35:00'), at('14:31:00'));
    expect(takeAll(guards)).toEqual(['reconcile 14:35', 'protect 14:35']);
    guards.planAfter(at('14:35:20'));
    guards.planAfter(at('14:35:40'));
    expect(takeAll(guards)).toEqual(['reconcile 14:36', 'protect 14:36']);
  });

  it('never include one that has passed, was fired, or lies outside the hours of its guard', () => {
    const guards = plan();
    guards.planBefore(at('14:35:30'), at('14:35:10'));
    expect(takeAll(guards)).toEqual([]);
    guards.planBefore(at('14:36:00'), at('14:35:10'));
    expect(takeAll(guards)).toEqual(['reconcile 14:36', 'protect 14:36']);
    guards.planBefore(at('14:36:00'), at('14:36:00'));
    // Ten minutes after the last slot of the day nobody is on guard.
    guards.planBefore(at('21:40:00'), at('21:29:00'));
    guards.planAfter(at('21:00:10'));
    guards.planAfter(at('21:30:10'));
    expect(takeAll(guards)).toEqual(['reconcile 21:01']);
  });
});
