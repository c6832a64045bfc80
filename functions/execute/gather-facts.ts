/** The facts that an order is cleared on, read here and now: nothing is taken over from whoever asked for the order. */
import type { BuildId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { currentSession, lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { ClearingFacts } from '#shared/core/risk/check.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Broker, MarketData } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Headroom } from '#shared/ports/orders.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Safety } from '#shared/ports/safety.ts';

export interface FactSources {
  readonly clock: Clock;
  readonly build: BuildId;
  readonly policies: Policies;
  readonly safety: Safety;
  readonly books: Books;
  readonly broker: Broker;
  readonly marketData: MarketData;
}

export interface Gathered {
  readonly facts: ClearingFacts;
  readonly gates: GateReference;
  readonly headroom: Headroom;
}

/** What the gates are held to at this moment. */
export const gateReference = (
  build: BuildId,
  now: EpochMs,
  policy: { readonly version: number; readonly limits: { readonly reconciliationAgeMsMax: number } },
): GateReference => ({
  now,
  session: (currentSession(now) ?? lastCompletedSession(now)).date,
  build,
  policyVersion: policy.version,
  reconciliationAgeMsMax: policy.limits.reconciliationAgeMsMax,
});

/** @throws Fault where a source does not answer: a fact that could not be read is no fact. */
export async function gatherFacts(sources: FactSources, intent: OrderIntent): Promise<Result<Gathered, Refusal>> {
  const { accountId, ticker, strategyId } = intent.terms;
  const [policy, strategies, book, instruments, quotes] = await Promise.all([
    sources.policies.active(accountId),
    sources.safety.strategies(accountId),
    sources.books.get(accountId, ticker),
    sources.broker.instruments([ticker]),
    sources.marketData.latestQuotes([ticker]),
  ]);
  if (policy === null)
    return fail(refusal('policy-missing', 'the account has no policy; `belay init` makes the first'));
  const now = sources.clock.now();
  return succeed({
    facts: {
      intent,
      orderClass: orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent }),
      now,
      policy,
      strategy: strategies.find((strategy) => strategy.strategyId === strategyId) ?? null,
      book,
      instrument: instruments.get(ticker) ?? null,
      quote: quotes.get(ticker) ?? null,
      session: currentSession(now),
    },
    gates: gateReference(sources.build, now, policy),
    headroom: {
      grossExposureMax: policy.limits.grossExposureMax,
      ordersOpenMax: policy.limits.ordersOpenMax,
      ordersPerDayMax: policy.limits.ordersPerDayMax,
    },
  });
}
