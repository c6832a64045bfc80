/** The door of a room that a schedule opens. */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { telemetryLayer } from '#shared/runtime/doors/invocation.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';

const scheduleEvent = z.object({
  /** The time that the schedule meant, not the time that it fired. */
  slot: z.string().transform((text) => parseEpochMs(text)),
  kind: z.string().min(1).max(40),
});

export interface ScheduledWork {
  readonly slot: EpochMs;
  readonly kind: string;
  /** Names this invocation, for leases. */
  readonly invocation: string;
  /** The function itself, as one-off wakes name it. */
  readonly functionArn: string;
  /** Milliseconds that this invocation has left. */
  readonly remainingMs: () => number;
}

/** Failures are thrown to the scheduler, which does not retry: the next slot, or a dead letter, says so. */
export const scheduleDoor = <Answer>(
  telemetry: RoomTelemetry,
  work: (scheduled: ScheduledWork) => Promise<Answer>,
): ((event: unknown, context: Context) => Promise<Answer>) => {
  const handler = middy<unknown, Answer>()
    .use(telemetryLayer(telemetry, () => null))
    .handler(async (event: unknown, context: Context) => {
      const { slot, kind } = scheduleEvent.parse(event);
      return await work({
        slot,
        kind,
        invocation: context.awsRequestId,
        functionArn: context.invokedFunctionArn,
        remainingMs: () => context.getRemainingTimeInMillis(),
      });
    });
  return async (event, context) => await handler(event, context);
};
