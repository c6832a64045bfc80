/** How a venue prices and sizes its fills where they are modelled after a session's bar and not just taken from quotes. */
import type { Price } from '#shared/core/kernel/decimal.ts';

/** `touch` fills when the market prints the limit; `through` only beyond it, as an order at the back of a queue. */
export type LimitDepth = 'touch' | 'through';

export interface VolumeShareRule {
  /** Thousandths of a session's volume that the account's orders of a symbol may take together: 25 is 2.5 %. */
  readonly perMilleMax: number;
  /** Millionths of the price that orders of the whole volume would move it by; the move grows with the share squared. */
  readonly impactPerMillion: number;
}

export interface FillRule {
  /** Millionths of the price by which whoever takes from the market pays more than it shows: 750 is 7.5 basis points. */
  readonly slippagePerMillion: number;
  /**
   * Market orders that fill within so many milliseconds of a session's open fill at the open. Later ones never do: they
   * were sent for what the session showed since, such as a stop. Null fills all of them at the quotes.
   */
  readonly openingMs: number | null;
  /** What fills a limit order that rests. Null fills it when the far side of the quotes comes to its limit. */
  readonly limitDepth: LimitDepth | null;
  /** How much of a session's volume orders may take. Null is all that they ask for. */
  readonly volumeShare: VolumeShareRule | null;
}

/** What the market gives an order at an instant. */
export interface Offer {
  readonly shown: Price;
  /** The worst price that may come of it by slippage and impact; null is any. */
  readonly worst: Price | null;
  /** Whether the order takes from the market, and so slips and moves the price. One that rested has its own price. */
  readonly moves: boolean;
}
