/** The gates as requests meet them, and why one is shut. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { sessionToReconcile } from '#shared/core/market/session-calendar.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import type { ControlDependencies } from './operation.ts';

/** What the gates are held to at this moment. */
export const gateReference = (
  { build }: Pick<ControlDependencies, 'build'>,
  now: EpochMs,
  policy: { readonly version: number; readonly limits: { readonly reconciliationAgeMsMax: number } },
): GateReference => ({
  now,
  session: sessionToReconcile(now).date,
  build,
  policyVersion: policy.version,
  reconciliationAgeMsMax: policy.limits.reconciliationAgeMsMax,
});

export const reasonView = ({
  code,
  message,
  context,
}: Pick<Refusal, 'message' | 'context'> & { readonly code: string }) => ({
  code,
  message,
  context: { ...context },
});
