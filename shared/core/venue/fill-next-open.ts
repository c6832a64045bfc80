/** The order of one session fills at the open of the next, with slippage. */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { type FillCosts, type ModelFill, costedFill, slippedPrice } from './fill-costs.ts';

/** The whole quantity at the open. Slippage may carry the price beyond the bar: it stands for the order's own weight. */
export function fillAtNextOpen(side: Side, quantity: Quantity, open: Price, costs: FillCosts): ModelFill {
  return costedFill(side, quantity, open, slippedPrice(side, open, costs.slippagePerMillion), costs);
}
