/** The post-trade monitor: each minute of a session, and when prices change. */
import { approximateMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { currentSession } from '#shared/core/market/session-calendar.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { type Trip, tripsOf } from '#shared/core/safety/monitor.ts';
import type { AccountSafety } from '#shared/core/safety/safety-facts.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface ProtectDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly safety: Safety;
  readonly books: Books;
  readonly orders: Orders;
  readonly telemetry: Telemetry;
}

export type Guarded =
  | { readonly kind: 'no-session' | 'not-initialised' }
  | { readonly kind: 'guarded'; readonly trips: readonly Trip[] };

/** @throws Fault when a fact cannot be read: the next minute tries again, and the gate shuts by itself meanwhile. */
export async function guardAccount(dependencies: ProtectDependencies): Promise<Guarded> {
  const { accountId, clock, policies, safety, books, telemetry } = dependencies;
  const now = clock.now();
  if (currentSession(now) === null) return { kind: 'no-session' };
  const [policy, exposure, { account }] = await Promise.all([
    policies.active(accountId),
    books.exposure(accountId),
    safety.read(accountId),
  ]);
  if (policy === null || exposure === null || account === null) return { kind: 'not-initialised' };
  const trips = tripsOf({
    now,
    limits: policy.limits,
    equityAtOpen: exposure.equityAtOpen,
    equity: exposure.equity,
    reconciledAt: account.reconciledAt,
    oldestUnknownAt: await oldestUnknown(dependencies),
  });
  measure(dependencies, { now, account, exposure, policy });
  const first = trips[0];
  if (first !== undefined && account.breaker.state !== 'TRIPPED') {
    await safety.tripBreaker(accountId, { cause: first.cause, by: 'protect', message: first.message, now });
    telemetry.error('breaker tripped', { cause: first.cause, reason: first.message });
    telemetry.count('BreakerTripped');
  }
  return { kind: 'guarded', trips };
}

/** The age is measured here and not only by the pass itself: a reconciler that stopped measures nothing. */
function measure(
  { telemetry }: ProtectDependencies,
  seen: {
    readonly now: EpochMs;
    readonly account: AccountSafety;
    readonly exposure: Exposure;
    readonly policy: Policy;
  },
): void {
  const { now, account, exposure, policy } = seen;
  if (account.reconciledAt !== null) telemetry.measure('ReconciliationAgeS', (now - account.reconciledAt) / 1000);
  const limit = approximateMoney(policy.limits.grossExposureMax);
  if (limit > 0) telemetry.measure('LimitUse', (approximateMoney(exposure.committed) / limit) * 100);
  const { equity, equityAtOpen } = exposure;
  if (equity === null || equityAtOpen === null || equityAtOpen <= 0n) return;
  const lost = approximateMoney(subtractMoney(equityAtOpen, equity)) / approximateMoney(equityAtOpen);
  telemetry.measure('Drawdown', Math.max(0, lost * 100));
}

async function oldestUnknown({ orders, accountId }: ProtectDependencies): Promise<EpochMs | null> {
  let oldest: EpochMs | null = null;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Orders['listOpen']>> = await orders.listOpen(accountId, cursor ?? undefined);
    for (const order of page.orders) {
      const since = order.sentAt ?? order.claimedAt;
      if (order.state === 'unknown' && (oldest === null || since < oldest)) oldest = since;
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return oldest;
}
