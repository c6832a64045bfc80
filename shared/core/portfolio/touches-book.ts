/** Whether a change of an order changes its book too. Most do not, and are then written without it. */
import type { Step } from '#shared/core/order/consequences.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';

/** False only where `bookStep` would leave the book, the exposure and the strategy's cash exactly as they are. */
export function touchesBook(before: Order, { order: after, consequences }: Step): boolean {
  const { book, released, followUps } = consequences;
  const moved = [book.position, book.cash, book.provisionalCash, released.quantity, released.money];
  return (
    moved.some((amount) => amount !== 0n) ||
    isOpen(before) !== isOpen(after) ||
    (before.state === 'unknown') !== (after.state === 'unknown') ||
    before.provisional !== after.provisional ||
    followUps.some(({ kind }) => kind === 'quarantine')
  );
}
