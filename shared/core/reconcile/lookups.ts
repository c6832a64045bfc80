/** Which of our open orders have to be asked for one by one, because no list of the broker showed them. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Order } from '#shared/core/order/order.ts';
import { isOpen } from '#shared/core/order/order.ts';
import { mayHold } from '#shared/core/order/sending.ts';

/** No sender goes by this name: who holds it holds nothing. */
const NOBODY = '';

/**
 * Our open orders that the lists lack. One that was claimed and never sent is not at the broker, and one that a sender
 * holds is being looked after.
 * @param listed client order ids that the lists showed
 */
export const ordersToLookUp = (open: readonly Order[], listed: ReadonlySet<string>, now: EpochMs): readonly Order[] =>
  open.filter(
    (order) =>
      isOpen(order) && order.state !== 'claimed' && !listed.has(order.clientOrderId) && mayHold(order, NOBODY, now),
  );
