/** What a decision reads of the market's bars, the same live and in a backtest: its volatility and its correlations. */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { realisedVolatility, type VolatilitySeries } from '#shared/core/market/volatility.ts';
import {
  type CorrelationRules,
  type Correlations,
  correlationsAsOf,
} from '#shared/core/portfolio/correlation-filter.ts';

const byTicker = (a: BarColumns, b: BarColumns): number => (a.ticker < b.ticker ? -1 : 1);

/** Realised volatility of the universe. The order of its symbols is fixed, so that sums round alike everywhere. */
export const universeVolatility = (bars: readonly BarColumns[], universe: readonly Ticker[]): VolatilitySeries => {
  const members = new Set(universe);
  return realisedVolatility(bars.filter(({ ticker }) => members.has(ticker)).sort(byTicker));
};

export const correlationsOf = (
  bars: readonly BarColumns[],
  asOf: CalendarDate,
  rules: CorrelationRules,
): Correlations => correlationsAsOf(new Map(bars.map((columns) => [columns.ticker, columns])), asOf, rules);
