/** How a backtest fills its orders: what a person chose, what the venue makes of it, and how it is told. */
import { invariant } from '#shared/core/kernel/fault.ts';
import type { FillRule, LimitDepth, VolumeShareRule } from '#shared/core/venue/fill-rule.ts';

/** Where a market order is filled: at the quotes of its instant, or at the open of its session. */
export type MarketFills = 'quotes' | 'next-open';
/** What fills a limit order that rests: the far side of the quotes, a print at its limit, or one beyond it. */
export type LimitFills = 'quotes' | LimitDepth;

export interface FillChoice {
  readonly market: MarketFills;
  readonly limits: LimitFills;
  /** Null fills any quantity. */
  readonly volumeShare: VolumeShareRule | null;
}

export const AT_QUOTES: FillChoice = { market: 'quotes', limits: 'quotes', volumeShare: null };

/**
 * The house decides at 09:35, five minutes after the open, and its orders are on the market within seconds. An order of
 * a later minute was sent for what the session has shown, and cannot have the open any more.
 */
const OPENING_MS = 6 * 60_000;

/** @returns null where the quotes alone fill, which then carry the slippage themselves */
export function fillRuleOf({ market, limits, volumeShare }: FillChoice, slippagePerMillion: number): FillRule | null {
  if (market === 'quotes' && limits === 'quotes' && volumeShare === null) return null;
  return {
    slippagePerMillion,
    openingMs: market === 'next-open' ? OPENING_MS : null,
    limitDepth: limits === 'quotes' ? null : limits,
    volumeShare,
  };
}

/** As the JSON line has it; shares, not thousandths or millionths. */
export interface FillFigures {
  readonly market: MarketFills;
  readonly limits: LimitFills;
  readonly volumeShare: number | null;
  readonly impact: number | null;
  /** Orders of the run that had a limit: what decides how they fill is nothing to a run without any. */
  readonly limitOrders: number;
}

export const fillFiguresOf = ({ market, limits, volumeShare }: FillChoice, limitOrders: number): FillFigures => ({
  market,
  limits,
  volumeShare: volumeShare === null ? null : volumeShare.perMilleMax / 1_000,
  impact: volumeShare === null ? null : volumeShare.impactPerMillion / 1_000_000,
  limitOrders,
});

const LIMITS_TOLD: Readonly<Record<LimitFills, string | null>> = {
  quotes: null,
  touch: 'resting limits where the market prints them',
  through: 'resting limits where the market goes beyond them',
};

/** One line for a person. */
export function fillsTold({ market, limits, volumeShare, impact, limitOrders }: FillFigures): string {
  invariant((volumeShare === null) === (impact === null), 'a share of the volume has its impact beside it');
  const share =
    volumeShare === null || impact === null
      ? null
      : `at most ${(volumeShare * 100).toFixed(1)} % of a session's volume, impact ${impact}`;
  const resting = LIMITS_TOLD[limits];
  const told = [
    market === 'quotes' ? 'at the quotes' : 'market orders at the open',
    resting === null ? null : `${resting} (${limitOrders === 0 ? 'no order had one' : `${limitOrders} had one`})`,
    share,
  ];
  return told.filter((part) => part !== null).join('; ');
}
