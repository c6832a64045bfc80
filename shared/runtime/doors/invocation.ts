/** What every door does: telemetry around the work, and the trouble said once, in the log. */
import type { MiddlewareObj } from '@middy/core';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';
import { troubleOf } from '#shared/runtime/outcome.ts';

/** Middy layer: begins and ends the room's telemetry, and logs what was thrown through it. */
export const telemetryLayer = <Event, Answer>(
  telemetry: RoomTelemetry,
  correlationOf: (event: Event) => string | null,
): MiddlewareObj<Event, Answer> => ({
  before: (request) => {
    telemetry.begin(request.context, correlationOf(request.event));
  },
  after: () => {
    telemetry.end();
  },
  onError: (request) => {
    const trouble = troubleOf(request.error);
    telemetry.error('invocation failed', { kind: trouble.kind, code: trouble.code }, request.error);
    telemetry.end();
  },
});
