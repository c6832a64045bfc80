/**
 * Target weights: at most N symbols long and M short, the most confident first, each worth an equal share of a gross
 * exposure. A choice of the policy; where it is not made, risk alone says how large a position is.
 */
import { type Money, minMoney, prorateMoney } from '#shared/core/kernel/decimal.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import type { Exposure } from '#shared/core/portfolio/correlation-filter.ts';

const FULL_BPS = 10_000n;

export interface TargetRules {
  /** Symbols that may be held long. */
  readonly topN: number;
  /** Symbols that may be held short. */
  readonly bottomN: number;
  /** Sum of all weights, long and short, in basis points of equity. */
  readonly grossBps: bigint;
}

/** Symbols that have a place, and those that asked for one in vain before this. */
export interface Places {
  readonly exposures: readonly Exposure[];
  readonly cutOff: readonly Exposure[];
}

const symbolsOn = (side: Exposure['side'], places: readonly Exposure[]): ReadonlySet<string> =>
  new Set(places.filter((place) => place.side === side).map(({ ticker }) => ticker));

/**
 * Whether a symbol gets a place. Asked in the order of confidence, of entries that nothing but size and money can still
 * refuse; a symbol that is held, on order or entered before in the run has its place.
 * @returns `target-reached` for a symbol that has a place, `top-n-cutoff` where none is left: `wouldPassAt` is the
 * smallest number of places under which it would have got one
 */
export function placeRefusal(asks: Exposure, { exposures, cutOff }: Places, rules: TargetRules): Refusal | null {
  const { ticker, side } = asks;
  if (exposures.some((place) => place.ticker === ticker)) {
    return refusal('target-reached', `${ticker} has its place among the target weights already`, { side });
  }
  const [rule, limit] = side === 'long' ? (['topN', rules.topN] as const) : (['bottomN', rules.bottomN] as const);
  const taken = symbolsOn(side, exposures).size;
  if (taken < limit) return null;
  const rank = new Set([...symbolsOn(side, exposures), ...symbolsOn(side, cutOff), ticker]).size;
  return refusal('top-n-cutoff', `${ticker} is not among the ${limit} symbols that may be ${side}`, {
    rule,
    side,
    actual: String(rank),
    limit: String(limit),
    wouldPassAt: String(rank),
  });
}

/**
 * Most that a place may be worth: an equal share of the gross exposure, which regime and correlation make smaller and
 * never larger. Places that stay empty leave their share unspent.
 * @param scalesBps one after the other
 */
export function targetNotional(equity: Money, scalesBps: readonly bigint[], rules: TargetRules): Money {
  const places = BigInt(rules.topN + rules.bottomN);
  if (places === 0n) return prorateMoney(equity, 0n, FULL_BPS, 'floor');
  const full = prorateMoney(equity, rules.grossBps, FULL_BPS * places, 'floor');
  return minMoney(
    full,
    scalesBps.reduce<Money>((money, scale) => prorateMoney(money, scale, FULL_BPS, 'floor'), full),
  );
}
