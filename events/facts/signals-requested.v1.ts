import * as z from 'zod';
import { defineFact } from '#events/envelope.ts';
import { account, actor, name, reason } from '#events/fields.ts';

/** A person asked for the signals of the last session to be made again. */
export const signalsRequested = defineFact({
  type: 'signals.requested.v1',
  means: 'A person asked for the signals of the last session to be made again.',
  aggregate: 'request',
  priority: 'HIGH',
  data: z.strictObject({ accountId: account, requestId: name, by: actor, reason }),
});
