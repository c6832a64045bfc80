import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, count, date, decimal } from '#events/fields.ts';

/** A session ended; these are its figures. */
export const sessionReported = defineFact({
  type: 'session.reported.v1',
  means: 'A session ended; these are its figures.',
  aggregate: 'room',
  priority: 'LOW',
  data: z.strictObject({
    accountId: account,
    session: date,
    equityAtOpen: decimal.nullable(),
    equity: decimal.nullable(),
    realizedProfit: decimal,
    positions: count,
    cost: decimal,
    ordersToday: count,
    quarantined: count,
  }),
});
