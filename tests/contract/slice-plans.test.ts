import { emulatedTables, overBothTables } from './emulated-tables.ts';
import { describeSlicePlans } from './slice-plans.contract.ts';

overBothTables(describeSlicePlans, emulatedTables().shared);
