/**
 * Round trips: what was bought and sold again of one symbol by one strategy, from flat to flat, with what it cost. For
 * statistics and people; the books themselves are kept in exact decimals elsewhere.
 */
import { invariant } from '#shared/core/kernel/fault.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';

/** One execution, oldest first within its strategy and symbol. */
export interface Execution {
  readonly strategyId: StrategyId;
  readonly ticker: Ticker;
  readonly side: 'buy' | 'sell';
  readonly session: CalendarDate;
  readonly quantity: number;
  /** The price that the decision reckoned with. */
  readonly requestedPrice: number;
  readonly price: number;
  readonly commission: number;
}

export interface RoundTrip {
  readonly strategyId: StrategyId;
  readonly ticker: Ticker;
  readonly side: 'long' | 'short';
  readonly entrySession: CalendarDate;
  readonly exitSession: CalendarDate;
  /** Largest size held. */
  readonly quantity: number;
  /** Averages over all executions of the side, weighted by quantity. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly requestedEntryPrice: number;
  readonly requestedExitPrice: number;
  readonly commission: number;
  /** What executed prices were worse than requested ones, in money; negative when they were better. */
  readonly slippage: number;
  /** At executed prices, before commission. */
  readonly grossProfit: number;
  readonly netProfit: number;
}

/** Money and quantity of one side of a trip. */
interface Leg {
  quantity: number;
  value: number;
  requestedValue: number;
}

interface Trip {
  readonly first: Execution;
  readonly entry: Leg;
  readonly exit: Leg;
  held: number;
  largest: number;
  commission: number;
}

const emptyLeg = (): Leg => ({ quantity: 0, value: 0, requestedValue: 0 });

function add(leg: Leg, execution: Execution, quantity: number): void {
  leg.quantity += quantity;
  leg.value += quantity * execution.price;
  leg.requestedValue += quantity * execution.requestedPrice;
}

/** Below this many shares a position counts as closed: what is left is the rounding of fractions. */
const FLAT = 1e-9;

/**
 * Joins executions to round trips, in the order in which they ended, and tells what is still open. An execution that
 * turns a position over ends one trip and begins the next.
 */
export function roundTripsOf(executions: readonly Execution[]): {
  readonly closed: readonly RoundTrip[];
  readonly open: number;
} {
  const trips = new Map<string, Trip>();
  const closed: RoundTrip[] = [];
  for (const execution of executions) {
    invariant(execution.quantity > 0, `an execution of ${execution.ticker} has a positive quantity`);
    const key = `${execution.strategyId}#${execution.ticker}`;
    let left = execution.quantity;
    const trip = trips.get(key);
    if (trip !== undefined && trip.first.side !== execution.side) {
      const closing = Math.min(left, trip.held);
      add(trip.exit, execution, closing);
      trip.commission += execution.commission * (closing / execution.quantity);
      trip.held -= closing;
      left -= closing;
      if (trip.held <= FLAT) {
        closed.push(finish(trip, execution.session));
        trips.delete(key);
      }
    }
    if (left > FLAT) extend(trips, key, execution, left);
  }
  return { closed, open: trips.size };
}

function extend(trips: Map<string, Trip>, key: string, execution: Execution, quantity: number): void {
  const trip = trips.get(key) ?? {
    first: execution,
    entry: emptyLeg(),
    exit: emptyLeg(),
    held: 0,
    largest: 0,
    commission: 0,
  };
  add(trip.entry, execution, quantity);
  trip.commission += execution.commission * (quantity / execution.quantity);
  trip.held += quantity;
  trip.largest = Math.max(trip.largest, trip.held);
  trips.set(key, trip);
}

function finish({ first, entry, exit, largest, commission }: Trip, exitSession: CalendarDate): RoundTrip {
  const direction = first.side === 'buy' ? 1 : -1;
  const grossProfit = direction * (exit.value - entry.value);
  const requestedProfit = direction * (exit.requestedValue - entry.requestedValue);
  return {
    strategyId: first.strategyId,
    ticker: first.ticker,
    side: first.side === 'buy' ? 'long' : 'short',
    entrySession: first.session,
    exitSession,
    quantity: largest,
    entryPrice: entry.value / entry.quantity,
    exitPrice: exit.value / exit.quantity,
    requestedEntryPrice: entry.requestedValue / entry.quantity,
    requestedExitPrice: exit.requestedValue / exit.quantity,
    commission,
    slippage: requestedProfit - grossProfit,
    grossProfit,
    netProfit: grossProfit - commission,
  };
}
