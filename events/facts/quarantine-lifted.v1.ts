import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, reason, symbol } from '#events/fields.ts';

/** A person lifted the quarantine of a symbol. */
export const quarantineLifted = defineFact({
  type: 'quarantine.lifted.v1',
  means: 'A person lifted the quarantine of a symbol.',
  aggregate: 'book',
  priority: 'HIGH',
  data: z.strictObject({
    accountId: account,
    symbol,
    by: actor,
    reason,
  }),
});
