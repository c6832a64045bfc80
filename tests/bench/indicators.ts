/**
 * Benchmarks of the indicators and of what stands on them: each over a million sessions, and the strategies over a
 * market of many symbols. Speeds of a machine mean little; ratios of tasks of one run do.
 */
import { Bench } from 'tinybench';
import { makeSyntheticMarket } from '#infra/local/market/synthetic-market.ts';
import { seededRandom } from '#infra/local/market/seeded-random.ts';
import { adjustForSplits } from '#shared/core/market/splits.ts';
import { averageDirectionalIndex, averageTrueRange } from '#shared/core/signal/indicators/average-range.ts';
import { rollingVolatility } from '#shared/core/signal/indicators/dispersion.ts';
import { exponentialMovingAverage, simpleMovingAverage } from '#shared/core/signal/indicators/moving-average.ts';
import { relativeStrengthIndex } from '#shared/core/signal/indicators/relative-strength.ts';
import { rollingVwap, type VolumeColumns } from '#shared/core/signal/indicators/volume-price.ts';
import { makeStrategy, STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { MarketHistory } from '#shared/core/signal/view.ts';

export const SESSIONS = 1_000_000;

/** A long made-up series, the same in every run: a walk of 1 % a session with ranges and volumes. */
export function longSeries(sessions: number = SESSIONS): VolumeColumns {
  const random = seededRandom(1, 'bench');
  const close = new Float64Array(sessions);
  const high = new Float64Array(sessions);
  const low = new Float64Array(sessions);
  const volume = new Float64Array(sessions);
  let last = 100;
  for (let day = 0; day < sessions; day += 1) {
    // Pulled back to 100, so that a million sessions stay in the range of prices.
    last *= Math.exp(0.01 * random.normal() - 0.001 * Math.log(last / 100));
    close[day] = last;
    high[day] = last * (1 + 0.01 * random.uniform());
    low[day] = last * (1 - 0.01 * random.uniform());
    volume[day] = 1e6 * (0.5 + random.uniform());
  }
  return { close, high, low, volume };
}

/** Adds one task for each indicator over the whole series. */
function addIndicatorTasks(bench: Bench, series: VolumeColumns = longSeries()): Bench {
  const { close } = series;
  return bench
    .add('SMA 20: belay', () => void simpleMovingAverage(close, 20))
    .add('EMA 20: belay', () => void exponentialMovingAverage(close, 20))
    .add('RSI 14: belay', () => void relativeStrengthIndex(close, 14))
    .add('ATR 14: belay', () => void averageTrueRange(series, 14))
    .add('ADX 14: belay', () => void averageDirectionalIndex(series, 14))
    .add('VWAP 20: belay', () => void rollingVwap(series, 20))
    .add('volatility 20: belay', () => void rollingVolatility(close, 20));
}

/** Adds one task for each number of symbols: all strategies over all sessions, from bars to signals. */
function addStrategyTasks(bench: Bench, symbolCounts: readonly number[] = [50, 150, 505]): Bench {
  for (const symbols of symbolCounts) {
    const market = makeSyntheticMarket({ seed: 1, symbols, days: 60, split: 'before-trading' });
    const last = market.sessions.at(-1);
    if (last === undefined) continue;
    const bars = market.bars.map((columns) => adjustForSplits(columns, market.splits, last.date));
    bench.add(`signals of ${symbols} symbols: belay`, () => {
      const history = new MarketHistory(bars);
      const strategies = STRATEGY_NAMES.map((name) => makeStrategy(name));
      for (const { date } of market.sessions) {
        const view = { asOf: date, symbols: history.symbolsAsOf(date, null), positionOf: () => null, model: null };
        for (const strategy of strategies) strategy.signals(view);
      }
    });
  }
  return bench;
}

export const indicatorBench = (timeMs: number): Bench =>
  addIndicatorTasks(new Bench({ name: 'indicators', time: timeMs, warmupTime: timeMs / 5, throws: true }));

export const strategyBench = (timeMs: number): Bench =>
  addStrategyTasks(
    new Bench({
      name: 'strategies',
      time: timeMs,
      warmupTime: timeMs / 5,
      warmupIterations: 1,
      iterations: 2,
      throws: true,
    }),
  );
