import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, count, name, reason } from '#events/fields.ts';

/** A person asked for everything that is held to be closed. */
export const flattenRequested = defineFact({
  type: 'flatten.requested.v1',
  means: 'A person asked for everything that is held to be closed.',
  aggregate: 'request',
  priority: 'CRITICAL',
  data: z.strictObject({
    accountId: account,
    requestId: name,
    /** Shares of strategies that were held when it was asked. */
    positions: count,
    by: actor,
    reason,
  }),
});
