/** Whether a signal may enter, and how large: regime, correlation, then what the book, risk and cash allow. */
import {
  formatMoney,
  formatQuantity,
  type Money,
  minMoney,
  notionalOf,
  type Price,
  prorateMoney,
  proratePrice,
  prorateQuantity,
  type Quantity,
  subtractMoney,
} from '#shared/core/kernel/decimal.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { type Book, exposureOf, shareOf } from '#shared/core/portfolio/book.ts';
import { type Exposure, filterByCorrelation } from '#shared/core/portfolio/correlation-filter.ts';
import { heatRefusal } from '#shared/core/portfolio/heat.ts';
import {
  bookOf,
  type Candidate,
  type Tradable,
  tradableFor,
  type Wish,
  wishFor,
} from '#shared/core/portfolio/order-wish.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { type PositionSize, sizePosition } from '#shared/core/portfolio/position-size.ts';
import { type Regime, regimeRefusal } from '#shared/core/portfolio/regime.ts';
import { drawEntry, ledgerRefusal, type RunLedger } from '#shared/core/portfolio/run-ledger.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { placeRefusal, targetNotional } from '#shared/core/portfolio/target-weights.ts';
import type { Signal } from '#shared/core/signal/types.ts';

const FULL_BPS = 10_000n;

/** What a run knows before it looks at its first signal. */
export interface RunGround {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  /** Null where no volatility is known. */
  readonly regime: Regime | null;
  readonly entryBounds: EntryBounds;
}

/** Most that any entry of a run may be worth, and of how many shares it may be, before the collar is taken off. */
export interface EntryBounds {
  readonly notional: Money;
  readonly quantity: Quantity;
}

/** The bounds that depend neither on the symbol nor on its price. */
export function entryBoundsOf({ equity }: Snapshot, { limits, checks, decision }: Policy): EntryBounds {
  return {
    notional: minMoney(
      prorateMoney(equity, decision.sizing.weightBpsMax, FULL_BPS, 'floor'),
      prorateMoney(limits.fatFingerNotionalMax, checks.marketOrderShareBps, FULL_BPS, 'floor'),
    ),
    quantity: prorateQuantity(limits.fatFingerQuantityMax, checks.marketOrderShareBps, FULL_BPS, 'floor'),
  };
}

export interface Entered {
  readonly wish: Wish;
  readonly ledger: RunLedger;
}

/** What the portfolio would be exposed to by an entry. */
export const exposureBy = ({ ticker, side }: Signal): Exposure => ({
  ticker,
  side: side === 'buy' ? 'long' : 'short',
});

/** Decides on one entry, against what the run has left. */
export function wishToEnter(candidate: Candidate, ground: RunGround, ledger: RunLedger): Result<Entered, Refusal> {
  const { signal } = candidate;
  const { snapshot, policy, regime } = ground;
  const shut = standingRefusal(signal, ground);
  if (shut !== null) return fail(shut);
  const { exposures } = ledger;
  const rules = policy.decision.correlation;
  const correlation = filterByCorrelation(exposureBy(signal), exposures, snapshot.correlations, rules);
  if (!correlation.ok) return correlation;
  const blocked = blockedBy(signal, bookOf(signal, snapshot)) ?? metByExit(signal, ledger);
  if (blocked !== null) return fail(blocked);
  const tradable = tradableFor(candidate, snapshot, policy);
  if (!tradable.ok) return tradable;
  const { targets } = policy.decision;
  const cut = targets === null ? null : placeRefusal(exposureBy(signal), ledger, targets);
  if (cut !== null) return fail(cut);
  const scalesBps = [regime?.terms.sizeBps ?? 0n, correlation.value.sizeBps];
  const size = sizeOf(signal, tradable.value, scalesBps, ground);
  if (!size.ok) return size;
  const drawn = draw(signal, tradable.value.price, size.value, ground, ledger);
  if (!drawn.ok) return drawn;
  const { quantity } = size.value;
  const positionIntent = signal.side === 'buy' ? 'buy_to_open' : 'sell_to_open';
  const wish = wishFor(signal, snapshot, policy, { quantity, price: tradable.value.price, positionIntent });
  return succeed({ wish, ledger: drawn.value });
}

/** What keeps a strategy's entries out whatever the symbol: its switch, the day's loss, the regime. */
function standingRefusal(signal: Signal, { snapshot, policy, regime }: RunGround): Refusal | null {
  const strategy = policy.strategies.find((entry) => entry.strategyId === signal.strategyId);
  if (strategy === undefined || !strategy.enabled) {
    return refusal('strategy-disabled', `${signal.strategyId} is not enabled in policy ${policy.version}`, {});
  }
  const gate = snapshot.gates.entry;
  if (gate !== null) return gate;
  const turned = modelRefusal(signal, snapshot);
  if (turned !== null) return turned;
  const entryClass = snapshot.entryClasses.get(signal.strategyId) ?? 'breakout';
  return dailyLossRefusal(snapshot, policy) ?? regimeRefusal(regime, entryClass, policy.decision.regime);
}

/** A person who pins another version wants nothing more that the one before has said. Training that moves on is no such word. */
function modelRefusal({ strategyId, ticker, modelVersion }: Signal, { models }: Snapshot): Refusal | null {
  const active = models.get(strategyId);
  if (active === undefined || !active.pinned || active.version === modelVersion) return null;
  return refusal('model-changed', `another model than the one that spoke for ${ticker} has been pinned since`, {
    said: modelVersion ?? 'no model',
    pinned: active.version,
  });
}

/** After a loss as large as the day allows nothing is entered; the guard trips the breaker at the same limit. */
function dailyLossRefusal({ equity, equityAtOpen }: Snapshot, { limits }: Policy): Refusal | null {
  if (equityAtOpen === null || equityAtOpen <= 0n || equity >= equityAtOpen) return null;
  const lost = subtractMoney(equityAtOpen, equity);
  const limit = prorateMoney(equityAtOpen, limits.dailyLossBpsMax, FULL_BPS, 'floor');
  return lost < limit
    ? null
    : refusal('daily-loss', 'the session has lost as much as the policy allows', {
        actual: formatMoney(lost),
        limit: formatMoney(limit),
        wouldPassAt: `above ${formatMoney(lost)}`,
      });
}

/** The price at which the claim reserves: a collar's width away from the quote. */
const collared = (price: Price, policy: Policy): Price =>
  proratePrice(price, FULL_BPS + policy.limits.collarBps, FULL_BPS, 'ceiling');

/** Most that the position may be worth under every limit on one order and one symbol, at the collar's price. */
function notionalMaxOf(signal: Signal, price: Price, { snapshot, policy, entryBounds }: RunGround): Money {
  const { symbolExposureMax, collarBps } = policy.limits;
  const ofSymbol = subtractMoney(symbolExposureMax, exposureOf(bookOf(signal, snapshot)));
  const least = minMoney(minMoney(entryBounds.notional, ofSymbol), notionalOf(price, entryBounds.quantity));
  return prorateMoney(least, FULL_BPS, FULL_BPS + collarBps, 'floor');
}

function sizeOf(
  signal: Signal,
  { instrument, price }: Tradable,
  scalesBps: readonly bigint[],
  ground: RunGround,
): Result<PositionSize, Refusal> {
  const { snapshot, policy } = ground;
  const { targets } = policy.decision;
  const allowed = notionalMaxOf(signal, price, ground);
  const request = {
    instrument,
    side: exposureBy(signal).side,
    price,
    atr: signal.atr,
    equity: snapshot.equity,
    scalesBps,
    notionalMax: targets === null ? allowed : minMoney(allowed, targetNotional(snapshot.equity, scalesBps, targets)),
    fractions: 'whole',
  } as const;
  const stopRangePercent = policy.stops.rangePercent;
  return sizePosition(request, { riskBps: policy.decision.sizing.riskBps, stopRangePercent });
}

function draw(
  signal: Signal,
  price: Price,
  size: PositionSize,
  { snapshot, policy, regime }: RunGround,
  ledger: RunLedger,
): Result<RunLedger, Refusal> {
  const entry = {
    signal,
    notional: size.notional,
    staked: notionalOf(collared(price, policy), size.quantity),
    risk: size.risk,
  };
  const heat = heatRefusal(ledger.heat, size.risk, snapshot.equity, regime?.terms.heatBpsMax ?? 0n);
  if (heat !== null) return fail(heat);
  const drawn = drawEntry(ledger, entry);
  if ('refusal' in drawn) return fail(drawn.refusal);
  const refused = ledgerRefusal(ledger, entry, snapshot, policy);
  return refused === null ? succeed(drawn.ledger) : fail(refused);
}

/** The exit of another strategy goes first. */
const metByExit = ({ ticker }: Signal, { exiting }: RunLedger): Refusal | null =>
  exiting.has(ticker) ? refusal('opposing-order', `an exit of ${ticker} goes first in this run`, {}) : null;

/** What in the book keeps a strategy from entering. */
function blockedBy(signal: Signal, book: Book): Refusal | null {
  if (book.quarantine !== null) {
    return refusal('symbol-quarantined', `${book.ticker} is quarantined: ${book.quarantine.message}`, {
      code: book.quarantine.code,
    });
  }
  if (book.exitId !== null)
    return refusal('exit-in-progress', `an exit of ${book.ticker} is open`, { exitId: book.exitId });
  const unknown = book.openOrders.find((mark) => mark.unknown);
  if (unknown !== undefined) {
    return refusal('symbol-has-unknown-order', `the fate of an order on ${book.ticker} is not known`, {
      clientOrderId: unknown.clientOrderId,
    });
  }
  const position = shareOf(book, signal.strategyId).quantity;
  if (position !== 0n) {
    return refusal('already-positioned', `${signal.strategyId} holds ${book.ticker} already`, {
      position: formatQuantity(position),
    });
  }
  const own = book.openOrders.find((mark) => mark.strategyId === signal.strategyId);
  if (own !== undefined) {
    return refusal('twin-order', `${signal.strategyId} has an order open on ${book.ticker}`, {
      clientOrderId: own.clientOrderId,
    });
  }
  const opposing = book.openOrders.find((mark) => mark.side !== signal.side);
  if (opposing !== undefined) {
    return refusal('opposing-order', `an opposite order is open on ${book.ticker}`, {
      clientOrderId: opposing.clientOrderId,
    });
  }
  return null;
}
