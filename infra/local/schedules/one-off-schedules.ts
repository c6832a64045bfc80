/**
 * Schedules that functions make for themselves: each fires once, at a time of the house's clock, and is gone then. They
 * live as long as the house does; one that was started again has none, as if no wake had come.
 */
import * as z from 'zod';
import { arnOf } from '#infra/local/template/physical-names.ts';
import type { FunctionPlan } from '#infra/local/template/house-plan.ts';
import type { AsynchronousInvoker } from '#infra/local/lambda/asynchronous-invoker.ts';
import type { Agenda } from '#infra/local/time/agenda.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { scheduleEvent } from './timetable.ts';

export type ScheduleAnswer =
  | { readonly ok: true; readonly body: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly message: string };

export interface OneOffParts {
  readonly agenda: Agenda;
  readonly invoker: Pick<AsynchronousInvoker, 'invoke'>;
  readonly groups: readonly string[];
  readonly functions: readonly Pick<FunctionPlan, 'name'>[];
}

const AT = /^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$/;

/** What the service asks for, as far as one-off schedules go. */
const request = z.object({
  GroupName: z.string().default('default'),
  ScheduleExpression: z.string().regex(AT, 'the local house makes one-off schedules only: at(yyyy-mm-ddThh:mm:ss)'),
  ScheduleExpressionTimezone: z.literal('UTC').default('UTC'),
  FlexibleTimeWindow: z.object({ Mode: z.literal('OFF') }),
  ActionAfterCompletion: z.literal('DELETE'),
  Target: z.object({
    Arn: z.string(),
    RoleArn: z.string().startsWith('arn:'),
    Input: z.string(),
    RetryPolicy: z
      .object({
        MaximumRetryAttempts: z.int().min(0).max(185),
        MaximumEventAgeInSeconds: z.int().min(60).max(86_400),
      })
      .optional(),
  }),
});

const refused = (status: number, code: string, message: string): ScheduleAnswer => ({
  ok: false,
  status,
  code,
  message,
});

const keyOf = (group: string, name: string): string => `${group}/${name}`;

export class OneOffSchedules {
  readonly #parts: OneOffParts;
  /** What is to fire still; a schedule of the same name that was made anew is another object. */
  readonly #waiting = new Map<string, object>();

  constructor(parts: OneOffParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#waiting.size;
  }

  create(name: string, input: unknown): ScheduleAnswer {
    const read = request.safeParse(input);
    if (!read.success) return refused(400, 'ValidationException', z.prettifyError(read.error));
    const { GroupName: group, ScheduleExpression: expression, Target: target } = read.data;
    if (!this.#parts.groups.includes(group)) {
      return refused(404, 'ResourceNotFoundException', `Schedule group ${group} does not exist.`);
    }
    const called = this.#parts.functions.find(({ name: known }) => target.Arn === arnOf('lambda', `function:${known}`));
    if (called === undefined) return refused(400, 'ValidationException', `${target.Arn} is no function of this house`);
    const key = keyOf(group, name);
    if (this.#waiting.has(key)) return refused(409, 'ConflictException', `Schedule ${name} already exists.`);
    const at = epochMs(Date.parse(`${AT.exec(expression)?.[1] ?? ''}Z`));
    const made = {};
    this.#waiting.set(key, made);
    this.#parts.agenda.put(at, async () => {
      if (this.#waiting.get(key) !== made) return;
      this.#waiting.delete(key);
      await this.#parts.invoker.invoke(called.name, scheduleEvent({ name, input: target.Input }, at));
    });
    return { ok: true, body: { ScheduleArn: arnOf('scheduler', `schedule/${key}`) } };
  }

  delete(name: string, group: string | null): ScheduleAnswer {
    return this.#waiting.delete(keyOf(group ?? 'default', name))
      ? { ok: true, body: {} }
      : refused(404, 'ResourceNotFoundException', `Schedule ${name} does not exist.`);
  }
}
