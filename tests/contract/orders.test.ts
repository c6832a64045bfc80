import { emulatedTables, overBothTables } from './emulated-tables.ts';
import { describeOrders } from './orders.contract.ts';

overBothTables(describeOrders, emulatedTables().shared);
