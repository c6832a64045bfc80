/** What `belay init` makes: the safety items, the first policy, strategies, exposure. Never made by a deploy. */
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { text, whole } from '#shared/adapters/stores/attributes.ts';
import { exposureItem } from '#shared/adapters/stores/exposure-item.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { policyKey } from '#shared/adapters/stores/keys.ts';
import { type PolicyDocument, readPolicy } from '#shared/adapters/stores/policy-document.ts';
import { accountSafetyItem, globalSafetyItem, strategyItem } from '#shared/adapters/stores/safety-item.ts';
import { formatMoney, type Money, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type AccountId, MANUAL } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import { NO_PACE } from '#shared/core/portfolio/exposure.ts';
import { type AccountSafety, DISENGAGED } from '#shared/core/safety/safety-facts.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';

export interface Initialisation {
  readonly accountId: AccountId;
  /** Live accounts begin unarmed: no entry passes until an operator arms them. */
  readonly live: boolean;
  readonly document: PolicyDocument;
  readonly equity: Money;
  readonly by: string;
  readonly now: EpochMs;
}

/** What was made, or that the account was there before and nothing was touched. */
export type Initialised = 'made' | 'already-there';

const absent: Condition = { name: 'account-there', test: { op: 'absent' } };

function firstSafety({ accountId, live }: Initialisation): AccountSafety {
  return {
    accountId,
    killSwitch: DISENGAGED,
    breaker: { state: 'ARMED', cause: null, by: null, at: null, quietUntil: null },
    tradingState: 'ACTIVE',
    tradingStateBy: null,
    live,
    armedUntil: null,
    policyVersion: 1,
    // No pass has succeeded: the gate is shut until reconciliation opens it.
    reconciledAt: null,
    reconciledSession: null,
    reconciledBuild: null,
    version: 1,
    sequence: 1,
  };
}

function accountWrites(room: Room, request: Initialisation): readonly TransactWrite[] {
  const { accountId, document, now } = request;
  const policy = readPolicy(document, 1);
  const key = policyKey(accountId, 1);
  const strategies = [
    ...policy.strategies.map((entry) => ({
      strategyId: entry.strategyId,
      enabled: entry.enabled,
      killSwitch: DISENGAGED,
      minute: NO_PACE,
      cashAvailable: entry.cash,
    })),
    {
      strategyId: MANUAL,
      enabled: true,
      killSwitch: DISENGAGED,
      minute: NO_PACE,
      cashAvailable: policy.limits.grossExposureMax,
    },
  ];
  const policyItem = {
    pk: text(key.pk),
    sk: text(key.sk),
    version: whole(1),
    document: text(JSON.stringify(document)),
    by: text(request.by),
    reason: text('the first policy'),
    at: whole(now),
  };
  const place = {
    room,
    aggregateId: aggregateOf.account(accountId),
    sequence: 1,
    occurredAt: now,
    correlationId: `init:${accountId}`,
    causationId: null,
  };
  const data = { accountId, by: request.by, equity: formatMoney(request.equity), policyVersion: 1 };
  const exposure = {
    accountId,
    committed: ZERO_MONEY,
    ordersOpen: 0,
    ordersToday: 0,
    session: null,
    equityAtOpen: null,
    equity: null,
    minute: NO_PACE,
    cycle: NO_PACE,
  };
  return [
    { kind: 'put', table: 'safety', item: accountSafetyItem(firstSafety(request)), conditions: [absent] },
    { kind: 'put', table: 'safety', item: policyItem, conditions: [absent] },
    ...strategies.map(
      (strategy) =>
        ({ kind: 'put', table: 'safety', item: strategyItem(accountId, strategy), conditions: [absent] }) as const,
    ),
    { kind: 'put', table: 'books', item: exposureItem(exposure), conditions: [absent] },
    journalPut(makeFact('account.initialized.v1', place, data)),
  ];
}

/**
 * Makes what an account needs before anything may trade; the books follow with the first reconciliation pass.
 * @throws ZodError for a policy that is not usable, Fault when the tables hold a part of an account.
 */
export async function initialiseAccount(tables: Tables, room: Room, request: Initialisation): Promise<Initialised> {
  // The global item belongs to all accounts of the deployment; the first one makes it.
  await tables.write({
    kind: 'put',
    table: 'safety',
    item: globalSafetyItem({ killSwitch: DISENGAGED, version: 1, sequence: 0 }),
    conditions: [absent],
  });
  const outcome = await tables.transact(accountWrites(room, request));
  if (outcome.ok) return 'made';
  const account = outcome.failures.find((failure) => failure.index === 0);
  if (account !== undefined) return 'already-there';
  const found = outcome.failures.flatMap((failure) => failure.names).join(', ');
  throw new Fault('permanent', 'account-half-there', `the tables hold a part of ${request.accountId}: ${found}`);
}
