/** The account that reconciliation is tested on. */
import type { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { accountId, buildId, strategyId, type Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { OpeningPosition } from '#shared/core/reconcile/opening.ts';
import type { ReconciliationPolicy } from '#shared/core/portfolio/policy.ts';

export const ACCOUNT = accountId('paper-1');
export const MOMENTUM = strategyId('momentum');
export const BUILD = buildId('build-1');
export const CASH = '1000000';
const ENOUGH = parseMoney('10000000');

/** Limits that no test meets by chance, and strategies with money. */
export async function makeAccount(
  tables: MemoryTables,
  universe: readonly Ticker[],
  now: EpochMs,
  {
    reconciliation,
    opening,
  }: { readonly reconciliation: Partial<ReconciliationPolicy>; readonly opening: readonly OpeningPosition[] },
): Promise<void> {
  const first = firstPolicy(universe, [MOMENTUM], parseMoney(CASH));
  const policy = {
    ...first,
    strategies: first.strategies.map((strategy) => ({ ...strategy, cash: ENOUGH })),
    checks: { ...first.checks, submitsPerMinuteMax: 10_000, strategySubmitsPerMinuteMax: 10_000 },
    limits: { ...first.limits, ordersOpenMax: 5_000, ordersPerDayMax: 10_000, grossExposureMax: ENOUGH },
    reconciliation: { ...first.reconciliation, ...reconciliation },
  };
  const document = writePolicy(policy);
  await initialiseAccount(tables, 'control', {
    accountId: ACCOUNT,
    live: false,
    document,
    equity: parseMoney(CASH),
    opening: { at: now, positions: opening },
    by: 'test',
    now,
  });
}
