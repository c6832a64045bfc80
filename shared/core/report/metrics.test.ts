import { describe, expect, it } from 'vitest';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import { drawdowns, type EquityPoint, type MetricsRequest, metricsOf, monthlyReturns } from './metrics.ts';
import type { RoundTrip } from './round-trips.ts';

const dates = sessionsBetween(calendarDate('2023-01-03'), calendarDate('2023-12-29')).map((session) => session.date);

const pointsOf = (equities: readonly number[], invested = 0): EquityPoint[] =>
  equities.map((equity, index) => ({ session: dates[index] ?? calendarDate(''), equity, invested }));

const trade = (netProfit: number, days = 3): RoundTrip => ({
  strategyId: strategyId('momentum'),
  ticker: ticker('AAA'),
  side: 'long',
  entrySession: dates[0] ?? calendarDate(''),
  exitSession: dates[days] ?? calendarDate(''),
  quantity: 1,
  entryPrice: 100,
  exitPrice: 100 + netProfit,
  requestedEntryPrice: 100,
  requestedExitPrice: 100 + netProfit,
  commission: 0,
  slippage: 0,
  grossProfit: netProfit,
  netProfit,
});

const figures = (change: Partial<MetricsRequest>) =>
  metricsOf({ startEquity: 1000, points: [], trades: [], tradedValue: 0, costs: 0, ...change });

/** A year in which equity moves by +1 % and -0.5 % in turn. */
const zigzag = dates.reduce<number[]>(
  (path, _, day) => [...path, (path.at(-1) ?? 1000) * (day % 2 === 0 ? 1.01 : 0.995)],
  [],
);

describe('metricsOf', () => {
  it('gives return, volatility, Sharpe and Sortino by their definitions', () => {
    const found = figures({ points: pointsOf(zigzag) });
    const end = zigzag.at(-1) ?? 0;
    expect(dates).toHaveLength(250);
    expect(found.totalReturn).toBeCloseTo(end / 1000 - 1, 12);
    expect(found.annualReturn).toBeCloseTo((end / 1000) ** (252 / 250) - 1, 12);
    // 125 returns of 1 % and 125 of -0.5 %: mean 0.25 %, each 0.75 % away from it.
    const deviation = Math.sqrt((250 * 0.0075 ** 2) / 249);
    expect(found.volatility).toBeCloseTo(deviation * Math.sqrt(252), 10);
    expect(found.sharpe).toBeCloseTo((0.0025 / deviation) * Math.sqrt(252), 8);
    expect(found.sortino).toBeCloseTo((0.0025 / Math.sqrt(0.005 ** 2 / 2)) * Math.sqrt(252), 8);
    expect(found.maxDrawdown).toBeCloseTo(0.005, 12);
    expect(found.calmar).toBeCloseTo((found.annualReturn ?? 0) / 0.005, 6);
    const withRate = figures({ points: pointsOf(zigzag), riskFreeRate: 0.0252 });
    expect(withRate.sharpe).toBeCloseTo((0.0024 / deviation) * Math.sqrt(252), 8);
  });

  it('measures the deepest drawdown from its high to the day it was made up for', () => {
    const found = figures({ points: pointsOf([1000, 1100, 1045, 1100, 990, 1000, 1050, 1110, 1080]) });
    expect(found.maxDrawdown).toBeCloseTo(0.1, 12);
    // The high was first reached again on index 3; the deepest fall starts there and ends on index 7.
    expect(found.maxDrawdownSessions).toBe(4);
    expect(figures({ points: pointsOf([900, 950, 980]) })).toMatchObject({ maxDrawdownSessions: 3 });
    expect(figures({ points: pointsOf([1001, 1002]) })).toMatchObject({ maxDrawdown: 0, maxDrawdownSessions: 0 });
  });

  it('gives rates and averages of trades', () => {
    const found = figures({
      points: pointsOf([1000]),
      trades: [trade(30, 1), trade(-10, 2), trade(10, 3), trade(0, 4), trade(-10, 5)],
    });
    expect(found).toMatchObject({
      trades: 5,
      winRate: 0.4,
      profitFactor: 2,
      averageWin: 20,
      averageLoss: 10,
      averageHoldingSessions: 3,
    });
  });

  it('gives exposure, turnover and the share of costs', () => {
    const equities = dates.map((_, day) => (day === 249 ? 1100 : 1000));
    const found = figures({ points: pointsOf(equities, 250), tradedValue: 20_000, costs: 25 });
    expect(found.exposure).toBeCloseTo((249 * 0.25 + 250 / 1100) / 250, 12);
    expect(found.turnover).toBeCloseTo((10_000 / (1000 + 100 / 250)) * (252 / 250), 10);
    expect(found.costShare).toBeCloseTo(25 / 125, 12);
  });

  it('answers null where the sample is too small or the figure is not defined', () => {
    const none = figures({});
    expect(Object.entries(none).filter(([, value]) => value !== null)).toEqual([
      ['sessions', 0],
      ['trades', 0],
    ]);
    const month = figures({ points: pointsOf(zigzag.slice(0, 21)), trades: [trade(1), trade(2), trade(-1), trade(1)] });
    expect(month.volatility).not.toBeNull();
    expect([month.annualReturn, month.sharpe, month.sortino, month.calmar, month.turnover]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect([month.winRate, month.profitFactor, month.averageWin, month.averageHoldingSessions]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(figures({ points: pointsOf(zigzag.slice(0, 19)) }).volatility).toBeNull();
    const flat = figures({ points: pointsOf(dates.map(() => 1000)) });
    expect([flat.volatility, flat.sharpe, flat.sortino, flat.calmar, flat.costShare]).toEqual([
      0,
      null,
      null,
      null,
      null,
    ]);
    const winners = figures({ points: pointsOf([1000]), trades: Array.from({ length: 5 }, () => trade(1)) });
    expect([winners.winRate, winners.profitFactor, winners.averageLoss]).toEqual([1, null, null]);
  });
});

describe('drawdowns', () => {
  it('starts from the equity before the first session', () => {
    expect(drawdowns(1000, pointsOf([900, 1000, 1200, 600]))).toEqual([1 - 0.9, 0, 0, 0.5]);
  });
});

describe('monthlyReturns', () => {
  it('goes from month end to month end', () => {
    const equities = dates.map((date) => (date < '2023-02' ? 1100 : date < '2023-03' ? 1045 : 1254));
    expect(monthlyReturns(1000, pointsOf(equities)).slice(0, 4)).toEqual([
      { month: '2023-01', return: 1.1 - 1 },
      { month: '2023-02', return: 0.95 - 1 },
      { month: '2023-03', return: 1.2 - 1 },
      { month: '2023-04', return: 0 },
    ]);
  });
});
