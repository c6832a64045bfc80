/**
 * Target weights: the strongest N symbols long, the weakest N short, an equal share of the gross exposure each, and how
 * far a holding is from its target.
 */
import {
  absoluteMoney,
  absoluteQuantity,
  formatMoney,
  type Money,
  notionalOf,
  type Price,
  prorateMoney,
  type Quantity,
  roundQuantity,
  subtractQuantity,
  unitsFor,
} from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';

export interface Score {
  readonly ticker: Ticker;
  /** Higher is stronger; NaN is no score. */
  readonly score: number;
}

export interface TargetRules {
  readonly topN: number;
  readonly bottomN: number;
  /** Sum of all weights, long and short, in basis points of equity. */
  readonly grossBps: bigint;
  /** Most that one symbol may weigh. */
  readonly weightBpsMax: bigint;
}

export interface Targets {
  /** Basis points of equity; negative is short. Symbols without a target are not in it. */
  readonly weightsBps: ReadonlyMap<Ticker, bigint>;
  /** Scored, but neither strong nor weak enough. */
  readonly cutOff: readonly Ticker[];
}

/** Strongest first, equal ones by ticker; a symbol is never long and short at once: long goes first. */
export function targetWeights(scores: readonly Score[], rules: TargetRules): Targets {
  const ranked = scores
    .filter(({ score }) => !Number.isNaN(score))
    .sort((a, b) => (a.score === b.score ? (a.ticker < b.ticker ? -1 : 1) : b.score - a.score));
  const long = ranked.slice(0, rules.topN);
  const rest = ranked.slice(long.length);
  const short = rest.slice(Math.max(0, rest.length - rules.bottomN));
  const places = BigInt(long.length + short.length);
  const equal = places === 0n ? 0n : rules.grossBps / places;
  const weight = equal < rules.weightBpsMax ? equal : rules.weightBpsMax;
  const weightsBps = new Map<Ticker, bigint>();
  for (const { ticker } of long) weightsBps.set(ticker, weight);
  for (const { ticker } of short) weightsBps.set(ticker, -weight);
  return { weightsBps, cutOff: rest.slice(0, rest.length - short.length).map(({ ticker }) => ticker) };
}

export const cutOffRefusal = (ticker: Ticker, rules: TargetRules): Refusal =>
  refusal('top-n-cutoff', `${ticker} is neither among the strongest ${rules.topN} nor the weakest ${rules.bottomN}`, {
    topN: String(rules.topN),
    bottomN: String(rules.bottomN),
  });

export interface TargetGap {
  /** Signed: positive to buy, negative to sell. */
  readonly quantity: Quantity;
  readonly targetQuantity: Quantity;
}

/**
 * What to trade so that a holding weighs what it should. The target is rounded toward zero, so weights are never
 * overshot.
 * @returns `target-reached` when less than a step, or less than the smallest order, is missing.
 */
export function gapToTarget(request: {
  readonly ticker: Ticker;
  readonly weightBps: bigint;
  readonly equity: Money;
  readonly price: Price;
  /** Held and on order; negative when short. */
  readonly held: Quantity;
  readonly step: Quantity;
  readonly orderNotionalMin: Money;
}): Result<TargetGap, Refusal> {
  const { ticker, price, step, held, orderNotionalMin } = request;
  const targetMoney = prorateMoney(request.equity, request.weightBps, 10_000n, 'toward-zero');
  const targetQuantity = roundQuantity(unitsFor(targetMoney, price, 'toward-zero'), step, 'toward-zero');
  const quantity = roundQuantity(subtractQuantity(targetQuantity, held), step, 'toward-zero');
  const notional = absoluteMoney(notionalOf(price, absoluteQuantity(quantity)));
  if (quantity !== 0n && notional >= orderNotionalMin) return succeed({ quantity, targetQuantity });
  return fail(
    refusal('target-reached', `${ticker} weighs what it should`, {
      actual: formatMoney(notional),
      limit: formatMoney(orderNotionalMin),
    }),
  );
}
