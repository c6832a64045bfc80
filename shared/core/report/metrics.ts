/** What came of it, in the usual figures. A figure that its sample is too small for is null, shown as N/A. */
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsSince } from '#shared/core/market/session-calendar.ts';
import type { RoundTrip } from './round-trips.ts';

/** The account at one session's close. */
export interface EquityPoint {
  readonly session: CalendarDate;
  readonly equity: number;
  /** Value of all positions, long and short, without sign. */
  readonly invested: number;
}

export interface MetricsRequest {
  /** Equity before the first session. */
  readonly startEquity: number;
  /** One point a session, ascending. */
  readonly points: readonly EquityPoint[];
  readonly trades: readonly RoundTrip[];
  /** Value of all executions, bought and sold. */
  readonly tradedValue: number;
  /** Commission and slippage of all executions. */
  readonly costs: number;
  /** A year, as a fraction; 0 unless said otherwise. */
  readonly riskFreeRate?: number;
}

/** Fractions, not percents; null where the sample is too small, or where the figure is not defined. */
export interface Metrics {
  readonly sessions: number;
  readonly totalReturn: number | null;
  readonly annualReturn: number | null;
  /** Annualised standard deviation of daily returns. */
  readonly volatility: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  /** Deepest fall from a high, as a positive fraction. */
  readonly maxDrawdown: number | null;
  /** Sessions from that high until it was reached again, or until the end. */
  readonly maxDrawdownSessions: number | null;
  readonly trades: number;
  readonly winRate: number | null;
  /** Money won over money lost. */
  readonly profitFactor: number | null;
  readonly averageWin: number | null;
  /** As a positive amount. */
  readonly averageLoss: number | null;
  readonly averageHoldingSessions: number | null;
  /** Mean share of equity that was invested. */
  readonly exposure: number | null;
  /** Half of all value traded, against mean equity, a year. */
  readonly turnover: number | null;
  /** Costs as a share of what was won before them. */
  readonly costShare: number | null;
}

const SESSIONS_A_YEAR = 252;
/** Fewer sessions say nothing about dispersion. */
const DISPERSION_SESSIONS_MIN = 20;
/** Fewer sessions are not projected to a year. */
const ANNUAL_SESSIONS_MIN = 60;
/** Fewer trades say nothing about rates and averages. */
const TRADES_MIN = 5;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const ratio = (above: number, below: number): number | null => (below > 0 ? above / below : null);

/** Return of each session on the equity before it. */
function dailyReturns(startEquity: number, points: readonly EquityPoint[]): readonly number[] {
  return points.map(({ equity }, index) => equity / (points[index - 1]?.equity ?? startEquity) - 1);
}

/** How far each session's close lies below the highest before it, as a positive fraction. */
export function drawdowns(startEquity: number, points: readonly EquityPoint[]): readonly number[] {
  let high = startEquity;
  return points.map(({ equity }) => {
    high = Math.max(high, equity);
    return 1 - equity / high;
  });
}

/** The deepest drawdown and its length: sessions from its high to the first close that is as high again, or to the end. */
function deepestDrawdown(startEquity: number, points: readonly EquityPoint[]): { depth: number; sessions: number } {
  let deepest = { depth: 0, sessions: 0 };
  let high = { equity: startEquity, index: -1 };
  let current = { depth: 0, high };
  const close = (end: number): void => {
    if (current.depth > deepest.depth) deepest = { depth: current.depth, sessions: end - current.high.index };
  };
  for (const [index, { equity }] of points.entries()) {
    if (equity >= high.equity) {
      close(index);
      high = { equity, index };
      current = { depth: 0, high };
    } else {
      current = { depth: Math.max(current.depth, 1 - equity / high.equity), high };
    }
  }
  close(points.length - 1);
  return deepest;
}

/** Return of each calendar month, from the last close before it to its own last close. */
export function monthlyReturns(
  startEquity: number,
  points: readonly EquityPoint[],
): readonly { readonly month: string; readonly return: number }[] {
  const lastOf = new Map<string, number>();
  for (const { session, equity } of points) lastOf.set(session.slice(0, 7), equity);
  const months = [...lastOf];
  return months.map(([month, equity], index) => ({
    month,
    return: equity / (months[index - 1]?.[1] ?? startEquity) - 1,
  }));
}

interface ReturnFigures {
  readonly volatility: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
}

/** Sharpe and Sortino (both on daily excess returns, annualised with the root of 252; Sortino's target is 0). */
function returnFigures(returns: readonly number[], riskFreeRate: number): ReturnFigures {
  if (returns.length < DISPERSION_SESSIONS_MIN) return { volatility: null, sharpe: null, sortino: null };
  const average = mean(returns);
  const deviation = Math.sqrt(sum(returns.map((value) => (value - average) ** 2)) / (returns.length - 1));
  const volatility = deviation * Math.sqrt(SESSIONS_A_YEAR);
  if (returns.length < ANNUAL_SESSIONS_MIN) return { volatility, sharpe: null, sortino: null };
  const excess = returns.map((value) => value - riskFreeRate / SESSIONS_A_YEAR);
  const downside = Math.sqrt(mean(excess.map((value) => Math.min(0, value) ** 2)));
  const annual = mean(excess) * Math.sqrt(SESSIONS_A_YEAR);
  return { volatility, sharpe: ratio(annual, deviation), sortino: ratio(annual, downside) };
}

type TradeFigures = Pick<
  Metrics,
  'trades' | 'winRate' | 'profitFactor' | 'averageWin' | 'averageLoss' | 'averageHoldingSessions'
>;

function tradeFigures(trades: readonly RoundTrip[]): TradeFigures {
  const wins = trades.flatMap(({ netProfit }) => (netProfit > 0 ? [netProfit] : []));
  const losses = trades.flatMap(({ netProfit }) => (netProfit < 0 ? [-netProfit] : []));
  const enough = trades.length >= TRADES_MIN;
  return {
    trades: trades.length,
    winRate: enough ? wins.length / trades.length : null,
    profitFactor: enough ? ratio(sum(wins), sum(losses)) : null,
    averageWin: enough && wins.length > 0 ? mean(wins) : null,
    averageLoss: enough && losses.length > 0 ? mean(losses) : null,
    averageHoldingSessions: enough
      ? mean(trades.map(({ entrySession, exitSession }) => sessionsSince(entrySession, exitSession)))
      : null,
  };
}

/** Figures of a period. */
export function metricsOf(request: MetricsRequest): Metrics {
  const { startEquity, points, trades, tradedValue, costs, riskFreeRate = 0 } = request;
  const sessions = points.length;
  const end = points.at(-1)?.equity ?? null;
  const annual = end !== null && sessions >= ANNUAL_SESSIONS_MIN && startEquity > 0;
  const annualReturn = annual && end > 0 ? (end / startEquity) ** (SESSIONS_A_YEAR / sessions) - 1 : null;
  const { depth, sessions: length } = deepestDrawdown(startEquity, points);
  const averageEquity = end === null ? 0 : mean(points.map(({ equity }) => equity));
  const beforeCosts = end === null ? 0 : end - startEquity + costs;
  return {
    sessions,
    totalReturn: end !== null && startEquity > 0 ? end / startEquity - 1 : null,
    annualReturn,
    ...returnFigures(dailyReturns(startEquity, points), riskFreeRate),
    calmar: annualReturn === null ? null : ratio(annualReturn, depth),
    maxDrawdown: end === null ? null : depth,
    maxDrawdownSessions: end === null ? null : length,
    ...tradeFigures(trades),
    exposure: end === null ? null : mean(points.map(({ equity, invested }) => (equity > 0 ? invested / equity : 0))),
    turnover: annual ? ratio((tradedValue / 2) * (SESSIONS_A_YEAR / sessions), averageEquity) : null,
    costShare: ratio(costs, beforeCosts),
  };
}
