/**
 * What the account is worth and what it may still buy. A margin account: each dollar of position takes one dollar of a
 * buying power of `multiplier` times equity; without margin the multiplier is 1 and buying power is cash.
 */
import {
  type Money,
  type Price,
  ZERO_MONEY,
  absoluteMoney,
  addMoney,
  maxMoney,
  notionalOf,
  parseMoney,
  prorateMoney,
  subtractMoney,
} from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { averageEntryPrice } from './position-keeping.ts';
import type { VenuePosition } from './venue-order.ts';
import type { Venue } from './venue-state.ts';

/** Equity that FINRA asks of whoever buys on margin or sells short. */
export const MARGIN_EQUITY_MIN = parseMoney('2000');

/** The last print, or what was paid where nothing was printed yet. */
export const markPrice = (venue: Venue, position: VenuePosition, at: EpochMs): Price =>
  venue.market.tradeAt(position.ticker, at)?.price ?? averageEntryPrice(position);

export interface AccountFigures {
  readonly equity: Money;
  readonly longValue: Money;
  /** Zero or negative. */
  readonly shortValue: Money;
  /** 1, 2 or 4. */
  readonly multiplier: number;
  /** Half of all positions, and of what open orders hold. */
  readonly initialMargin: Money;
  /** A quarter of what is long, three tenths of what is short. */
  readonly maintenanceMargin: Money;
  readonly buyingPower: Money;
  readonly regulationTBuyingPower: Money;
  readonly cashBuyingPower: Money;
}

export function accountFigures(venue: Venue, at: EpochMs): AccountFigures {
  const { state, market } = venue;
  let longValue = ZERO_MONEY;
  let shortValue = ZERO_MONEY;
  /** Positions without margin take the whole of their value out of equity before it is multiplied. */
  let unmarginable = ZERO_MONEY;
  for (const position of state.positions.values()) {
    const value = notionalOf(markPrice(venue, position, at), position.quantity);
    if (value < 0n) shortValue = addMoney(shortValue, value);
    else longValue = addMoney(longValue, value);
    if (market.asset(position.ticker)?.marginable === false)
      unmarginable = addMoney(unmarginable, absoluteMoney(value));
  }
  const equity = addMoney(state.cash, addMoney(longValue, shortValue));
  const multiplier = equity < MARGIN_EQUITY_MIN ? 1 : state.flags.maxMarginMultiplier;
  const gross = subtractMoney(longValue, shortValue);
  const used = addMoney(
    addMoney(gross, state.heldMoney),
    prorateMoney(unmarginable, BigInt(multiplier - 1), 1n, 'floor'),
  );
  const power = (factor: number): Money =>
    maxMoney(ZERO_MONEY, subtractMoney(prorateMoney(equity, BigInt(factor), 1n, 'floor'), used));
  return {
    equity,
    longValue,
    shortValue,
    multiplier,
    initialMargin: prorateMoney(addMoney(gross, state.heldMoney), 1n, 2n, 'half-even'),
    maintenanceMargin: addMoney(
      prorateMoney(longValue, 25n, 100n, 'half-even'),
      prorateMoney(shortValue, -30n, 100n, 'half-even'),
    ),
    buyingPower: power(multiplier),
    regulationTBuyingPower: power(Math.min(2, multiplier)),
    cashBuyingPower: maxMoney(ZERO_MONEY, subtractMoney(state.cash, state.heldMoney)),
  };
}
