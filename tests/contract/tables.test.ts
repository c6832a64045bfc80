import { emulatedTables, overBothTables } from './emulated-tables.ts';
import { describeTables } from './tables.contract.ts';

overBothTables(describeTables, emulatedTables().shared);
