/** The account as it was, worked out anew from executions and splits instead of remembered. */
import { type Money, ZERO_MONEY, addMoney, notionalOf, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { oppositeSide } from '#shared/core/order/terms.ts';
import { feesOf } from './fees.ts';
import { averageEntryPrice, applyToPosition, flatPosition, signedQuantity, splitPosition } from './position-keeping.ts';
import type { Execution, VenuePosition } from './venue-order.ts';
import { type Venue, executionById } from './venue-state.ts';

export interface PastAccount {
  readonly cash: Money;
  /** Flat ones included. */
  readonly positions: ReadonlyMap<Ticker, VenuePosition>;
}

interface Replay {
  cash: Money;
  readonly positions: Map<Ticker, VenuePosition>;
}

function book(replay: Replay, execution: Execution, side: Execution['side'], fees: Money): void {
  const before = replay.positions.get(execution.ticker) ?? flatPosition(execution.ticker);
  replay.positions.set(execution.ticker, applyToPosition(before, side, execution.quantity, execution.price).position);
  const paid = notionalOf(execution.price, signedQuantity(side, execution.quantity));
  replay.cash = subtractMoney(subtractMoney(replay.cash, paid), fees);
}

function bookAgain(venue: Venue, replay: Replay, execution: Execution): void {
  const undone = execution.undoes === null ? undefined : executionById(venue.state, execution.undoes);
  if (undone !== undefined) book(replay, undone, oppositeSide(undone.side), ZERO_MONEY);
  if (execution.kind === 'bust') return;
  // Fees were taken once, with the execution that stands no longer.
  const fees =
    execution.kind === 'fill'
      ? feesOf(venue.rules.fees, execution.side, execution.quantity, execution.price)
      : ZERO_MONEY;
  book(replay, execution, execution.side, fees);
}

/** Goes through the account's past: each call must ask for an instant not before the last one's. */
export function replayAccount(venue: Venue): (at: EpochMs) => PastAccount {
  const { executions, adjustments, openingCash } = venue.state;
  const replay: Replay = { cash: openingCash, positions: new Map() };
  let nextExecution = 0;
  let nextSplit = 0;

  function splitTo(at: EpochMs): void {
    for (let split = adjustments[nextSplit]; split !== undefined && split.at <= at; split = adjustments[nextSplit]) {
      nextSplit += 1;
      const position = replay.positions.get(split.ticker);
      if (position !== undefined) replay.positions.set(split.ticker, splitPosition(position, split.to, split.from));
    }
  }

  return (at) => {
    for (let next = executions[nextExecution]; next !== undefined && next.at <= at; next = executions[nextExecution]) {
      nextExecution += 1;
      splitTo(next.at);
      bookAgain(venue, replay, next);
    }
    splitTo(at);
    return replay;
  };
}

/** What a past account was worth at the prices of its instant. */
export function pastEquity(venue: Venue, past: PastAccount, at: EpochMs): Money {
  let equity = past.cash;
  for (const position of past.positions.values()) {
    if (position.quantity === 0n) continue;
    const price = venue.market.tradeAt(position.ticker, at)?.price ?? averageEntryPrice(position);
    equity = addMoney(equity, notionalOf(price, position.quantity));
  }
  return equity;
}
