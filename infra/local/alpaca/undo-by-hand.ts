/** Busts and corrections that somebody asks for, as an exchange does days later. */
import { parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { executionById } from '#shared/core/venue/venue-state.ts';
import { undoExecution } from '#shared/core/venue/venue.ts';
import { type House, keepNews, tellNews } from './house.ts';

/** @throws Error when no execution of the id can be undone. @throws DecimalError for a price or quantity that is none. */
export function undoByHand(
  house: House,
  executionId: string,
  change: { readonly price?: string; readonly quantity?: string } | null,
): void {
  for (const { venue } of house.exchange.desks.values()) {
    const execution = executionById(venue.state, executionId);
    if (execution === undefined) continue;
    const replacement =
      change === null
        ? null
        : {
            price: change.price === undefined ? execution.price : parsePrice(change.price),
            quantity: change.quantity === undefined ? execution.quantity : parseQuantity(change.quantity),
          };
    const undone = undoExecution(venue, executionId, replacement, house.exchange.now());
    if (!undone.ok) throw new Error(`execution ${executionId} cannot be undone`);
    tellNews(house, keepNews(house));
    return;
  }
  throw new Error(`no execution has the id ${executionId}`);
}
