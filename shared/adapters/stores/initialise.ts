/** What `belay init` makes: the safety items, the first policy, strategies, exposure. Never made by a deploy. */
import type { FactData } from '#events/catalogue.ts';
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { text, whole } from '#shared/adapters/stores/attributes.ts';
import { exposureItem } from '#shared/adapters/stores/exposure-item.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { markKey, policyKey, RECONCILIATION_MARK } from '#shared/adapters/stores/keys.ts';
import { markAttributes, nothingSeen } from '#shared/adapters/stores/reconciliation-item.ts';
import { type PolicyDocument, readPolicyText } from '#shared/adapters/stores/policy-document.ts';
import { accountSafetyItem, globalSafetyItem, strategyItem } from '#shared/adapters/stores/safety-item.ts';
import { formatMoney, formatQuantity, type Money, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type AccountId, MANUAL } from '#shared/core/kernel/identity.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import { NO_PACE } from '#shared/core/portfolio/exposure.ts';
import type { OpeningPosition } from '#shared/core/reconcile/opening.ts';
import { type AccountSafety, DISENGAGED } from '#shared/core/safety/safety-facts.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';

export interface Initialisation {
  readonly accountId: AccountId;
  /** Live accounts begin unarmed: no entry passes until an operator arms them. */
  readonly live: boolean;
  readonly document: PolicyDocument;
  readonly equity: Money;
  /** What the account holds, and from when on executions are booked. */
  readonly opening: { readonly at: EpochMs; readonly positions: readonly OpeningPosition[] };
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

const initializedData = ({ accountId, by, equity, opening }: Initialisation): FactData<'account.initialized.v1'> => ({
  accountId,
  by,
  equity: formatMoney(equity),
  policyVersion: 1,
  bookedFrom: formatEpochMs(opening.at),
  opening: opening.positions.map(({ ticker, quantity, cost }) => ({
    symbol: ticker,
    quantity: formatQuantity(quantity),
    cost: formatMoney(cost),
  })),
});

/** All that was before the opening is in it, so that the first pass begins there. */
function openingMark({ accountId, by, opening }: Initialisation): TransactWrite {
  const { at, positions } = opening;
  const seen = { ...nothingSeen(at), ordersSeenTo: at, activitiesSeenTo: at };
  const mark = { ...seen, opening: positions, openedBy: by, version: 1 };
  const { pk, sk } = markKey(accountId, RECONCILIATION_MARK);
  const item = { pk: text(pk), sk: text(sk), ...markAttributes(mark) };
  return { kind: 'put', table: 'books', item, conditions: [absent] };
}

function accountWrites(room: Room, request: Initialisation): readonly TransactWrite[] {
  const { accountId, document, now } = request;
  const stored = JSON.stringify(document);
  const policy = readPolicyText(stored, 1);
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
    document: text(stored),
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
    openingMark(request),
    journalPut(makeFact('account.initialized.v1', place, initializedData(request))),
  ];
}

/**
 * Makes what an account needs before anything may trade. The books follow with the first reconciliation pass, which also
 * records in them what the account held.
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
