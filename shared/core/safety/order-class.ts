/** How much the gates let through depends on what an order does to risk. */
import { isClosing, type PositionIntent } from '#shared/core/order/terms.ts';

/**
 * entry: may add risk, and passes only when every safety fact says yes.
 * reducing: can only shrink a position, and passes a tripped breaker and a stale gate.
 * flatten: a person's order to close, which passes even the kill switch.
 */
export type OrderClass = 'entry' | 'reducing' | 'flatten';

export function orderClassOf(order: {
  readonly purpose: 'entry' | 'exit' | 'protective-stop' | 'flatten' | 'manual';
  readonly positionIntent: PositionIntent;
}): OrderClass {
  if (!isClosing(order.positionIntent)) return 'entry';
  return order.purpose === 'flatten' ? 'flatten' : 'reducing';
}
