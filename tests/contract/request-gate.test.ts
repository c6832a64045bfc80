import { emulatedTables, overBothTables } from './emulated-tables.ts';
import { describeRequestGate } from './request-gate.contract.ts';

overBothTables(describeRequestGate, emulatedTables().shared);
