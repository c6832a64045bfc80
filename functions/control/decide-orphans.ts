/** What a person decides for reconciliation: what becomes of an orphan, and that its gate opens all the same. */
import { brokerOrderId } from '#shared/core/kernel/identity.ts';
import { addMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { currentSession, lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import type { OrphanDecision } from '#shared/ports/reconciliations.ts';
import { type Call, type ControlDependencies, done, notFound, operation } from './operation.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';

const MINUTE_MS = 60_000;

export const forceReconciliation = operation(
  SAFETY_SCHEMAS.forceReconciliation,
  async ({ reconciliations, accountId, build, telemetry }, call, { body }) => {
    const { now, subject: by } = call;
    const until = addMs(now, body.minutes * MINUTE_MS);
    const session = (currentSession(now) ?? lastCompletedSession(now)).date;
    await reconciliations.force(accountId, { until, by, reason: body.reason, now, session, build });
    telemetry.warn('the gate of reconciliation was forced', { by, until });
    return done({ forced_until: formatEpochMs(until) });
  },
);

async function decide(
  { orphans, reconciliations, accountId, telemetry }: ControlDependencies,
  call: Call,
  asked: { readonly id: string; readonly decision: OrphanDecision['decision']; readonly reason: string },
) {
  const { id, decision, reason } = asked;
  const known = await orphans.all(accountId);
  if (!known.some((orphan) => orphan.brokerOrderId === id)) {
    return notFound('orphan-not-found', 'there is no orphan with this broker order id');
  }
  const change = { brokerOrderId: brokerOrderId(id), decision, by: call.subject, reason, now: call.now };
  await reconciliations.decide(accountId, change);
  telemetry.warn('an orphan was decided on', { brokerOrderId: id, decision, by: call.subject });
  return done({ broker_order_id: id, decision });
}

export const adoptOrphan = operation(SAFETY_SCHEMAS.adoptOrphan, (dependencies, call, { params, body }) =>
  decide(dependencies, call, { id: params.broker_order_id, decision: 'adopt', reason: body.reason }),
);

export const cancelOrphan = operation(SAFETY_SCHEMAS.cancelOrphan, (dependencies, call, { params, body }) =>
  decide(dependencies, call, { id: params.broker_order_id, decision: 'cancel', reason: body.reason }),
);

export const dismissOrphan = operation(SAFETY_SCHEMAS.dismissOrphan, (dependencies, call, { params, body }) =>
  decide(dependencies, call, { id: params.broker_order_id, decision: 'dismiss', reason: body.reason }),
);
