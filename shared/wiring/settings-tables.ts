/** The tables that a room's settings name. */
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** What the settings call each table. A room reads the names of those that it may touch, and of no other. */
export interface TableSettings {
  readonly TABLE_SAFETY?: string;
  readonly TABLE_ORDERS?: string;
  readonly TABLE_BOOKS?: string;
  readonly TABLE_MARKET?: string;
  readonly TABLE_JOURNAL?: string;
}

/** Opens the tables that are named; asking for another is a Fault, as it is where the role has no right to it. */
export function tablesOf(settings: TableSettings): Tables {
  const named = {
    safety: settings.TABLE_SAFETY,
    orders: settings.TABLE_ORDERS,
    books: settings.TABLE_BOOKS,
    market: settings.TABLE_MARKET,
    journal: settings.TABLE_JOURNAL,
  };
  const isNamed = (entry: readonly [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
  return openDynamoTables({
    physicalNames: Object.fromEntries(Object.entries(named).filter(isNamed)),
    pacing: systemPacing,
  });
}
