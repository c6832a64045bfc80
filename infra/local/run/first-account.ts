/** What `belay init` does, for the house's own fresh tables. */
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { accountId, type StrategyId, type Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { UniverseSource } from '#shared/core/market/universe.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { LOCAL_REGION } from '#infra/local/template/physical-names.ts';
import { sharedVariable } from './function-environments.ts';
import type { House } from './house.ts';
import { OPENING_EQUITY } from './local-market.ts';

/** The house's own way into its tables, by the names that the functions are told. */
function openHouseTables(house: House): Tables {
  const name = (variable: string): string => sharedVariable(house.plan.functions, variable);
  return openDynamoTables({
    physicalNames: {
      safety: name('TABLE_SAFETY'),
      orders: name('TABLE_ORDERS'),
      books: name('TABLE_BOOKS'),
      market: name('TABLE_MARKET'),
      journal: name('TABLE_JOURNAL'),
    },
    pacing: systemPacing,
    client: {
      endpoint: house.dynamoDbEndpoint,
      region: LOCAL_REGION,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    },
  });
}

/** Makes the account that the functions trade; one that is there from an earlier run is left as it is. */
export async function makeFirstAccount(
  house: House,
  first: {
    readonly universe: readonly Ticker[];
    readonly universeSource: UniverseSource;
    readonly strategies: readonly StrategyId[];
  },
  now: EpochMs,
): Promise<void> {
  const policy = firstPolicy(first.universe, first.strategies, OPENING_EQUITY, first.universeSource);
  await initialiseAccount(openHouseTables(house), 'control', {
    accountId: accountId(sharedVariable(house.plan.functions, 'BELAY_ACCOUNT')),
    live: false,
    document: writePolicy(policy),
    equity: OPENING_EQUITY,
    opening: { at: now, positions: [] },
    by: 'local house',
    now,
  });
}
