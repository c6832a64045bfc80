/** What an account holds when its books are opened. */
import { type Money, notionalOf, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';

export interface OpeningPosition {
  readonly ticker: Ticker;
  /** Negative when short. */
  readonly quantity: Quantity;
  /** What it cost, with the sign of the quantity. */
  readonly cost: Money;
}

interface Held {
  readonly ticker: Ticker;
  readonly quantity: Quantity;
  readonly averagePrice: Price;
}

/** By symbol, in the order of the alphabet, at the broker's average price. */
export const openingOf = (positions: readonly Held[]): readonly OpeningPosition[] =>
  positions
    .filter(({ quantity }) => quantity !== 0n)
    .map(({ ticker, quantity, averagePrice }) => ({ ticker, quantity, cost: notionalOf(averagePrice, quantity) }))
    .sort((a, b) => (a.ticker < b.ticker ? -1 : 1));

/** True when two readings of the positions show the same: then nothing was executed between them that changed any. */
export const sameOpening = (a: readonly OpeningPosition[], b: readonly OpeningPosition[]): boolean =>
  a.length === b.length &&
  a.every((one, index) => {
    const other = b[index];
    return other?.ticker === one.ticker && other.quantity === one.quantity && other.cost === one.cost;
  });
