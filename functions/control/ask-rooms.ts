/**
 * What people ask of rooms that otherwise go by their schedules. No function calls another: each request is written
 * down with a fact, and the fact wakes the room over the bus.
 */
import { aggregateOf, makeFact } from '#events/fact.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import { formatEpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import { backfillSpan } from '#shared/core/reconcile/backfill.ts';
import type { AskedPass } from '#shared/ports/reconciliations.ts';
import { type Call, type ControlDependencies, done, operation, refused } from './operation.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';

const WHY = 'asked for by a person';

/** A repeat under one key asks for nothing new. */
export const requestIdOf = (what: string, accountId: AccountId, call: Call): string =>
  `${what}-${contentId([what, accountId, call.idempotencyKey ?? call.requestId], 26)}`;

async function askReconcile(
  dependencies: ControlDependencies,
  call: Call,
  asked: AskedPass & { readonly reason: string },
) {
  const { reconciliations, accountId, telemetry } = dependencies;
  const { subject: by, now } = call;
  await reconciliations.ask(accountId, { ...asked, by, now });
  telemetry.info('a pass of reconciliation was asked for', { requestId: asked.requestId, by });
  return done({
    request_id: asked.requestId,
    backfill:
      asked.backfill === null
        ? null
        : { after: formatEpochMs(asked.backfill.after), until: formatEpochMs(asked.backfill.until) },
    status_url: '/api/v1/reconciliation/status',
  });
}

export const runReconciliation = operation(SAFETY_SCHEMAS.runReconciliation, (dependencies, call, { body }) => {
  const requestId = requestIdOf('pass', dependencies.accountId, call);
  return askReconcile(dependencies, call, { requestId, backfill: null, reason: body?.reason ?? WHY });
});

export const backfillFills = operation(SAFETY_SCHEMAS.backfillFills, async (dependencies, call, { body }) => {
  const span = backfillSpan({
    after: parseEpochMs(body.after),
    until: body.until === undefined ? null : parseEpochMs(body.until),
    dryRun: dependencies.dryRun,
    now: call.now,
  });
  if (!span.ok) return refused(span.error);
  const requestId = requestIdOf('backfill', dependencies.accountId, call);
  return askReconcile(dependencies, call, { requestId, backfill: span.value, reason: body.reason ?? WHY });
});

export const generateSignals = operation(SAFETY_SCHEMAS.generateSignals, async (dependencies, call, { body }) => {
  const { journal, accountId, telemetry } = dependencies;
  const { subject: by, now } = call;
  const requestId = requestIdOf('signals', dependencies.accountId, call);
  const place = {
    room: 'control',
    aggregateId: aggregateOf.request(requestId),
    sequence: 1,
    occurredAt: now,
    correlationId: requestId,
    causationId: call.requestId,
  } as const;
  const reason = { code: 'operator', message: body?.reason ?? WHY, context: {} };
  await journal.append([makeFact('signals.requested.v1', place, { accountId, requestId, by, reason })]);
  telemetry.info('signals were asked for', { requestId, by });
  const session = lastCompletedSession(now).date;
  return done({ request_id: requestId, session, status_url: `/api/v1/journal?correlation=signals:${session}` });
});
