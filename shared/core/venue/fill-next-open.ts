/** An order that was decided on before a session's prices fills at its open. */
import type { Price } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Side } from '#shared/core/order/terms.ts';
import type { Offer } from './fill-rule.ts';
import { buyCollar } from './marketability.ts';

/** Whether an instant is within so many milliseconds of a session's open. */
export const isOpening = (openAt: EpochMs, at: EpochMs, openingMs: number): boolean => at - openAt <= openingMs;

/** The open, for whatever quantity. A market buy keeps its collar, taken from the open as if it had been routed then. */
export const offerAtOpen = (side: Side, open: Price): Offer => ({
  shown: open,
  worst: side === 'buy' ? buyCollar(open) : null,
  moves: true,
});
