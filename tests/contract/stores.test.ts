/** Every store of a port, over the emulator and in memory: the same suite for both. */
import { describeBooks } from './books.contract.ts';
import { emulatedTables, overBothTables } from './emulated-tables.ts';
import { describeJournal } from './journal.contract.ts';
import { describeModels } from './models.contract.ts';
import { describePolicies } from './policies.contract.ts';
import { describeRecords } from './records.contract.ts';
import { describeSafety } from './safety.contract.ts';

const tables = emulatedTables();

for (const describeStore of [describeJournal, describeBooks, describeModels, describeRecords, describePolicies]) {
  overBothTables(describeStore, tables.shared);
}
// The switch of all accounts is one item.
overBothTables(describeSafety, tables.fresh);
