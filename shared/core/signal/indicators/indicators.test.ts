import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  averageDirectionalIndex,
  averageTrueRange,
  RunningAverageDirectionalIndex,
  RunningAverageTrueRange,
} from './average-range.ts';
import {
  returnsOver,
  rollingCorrelation,
  rollingVolatility,
  RunningCorrelation,
  RunningReturn,
  RunningVolatility,
} from './dispersion.ts';
import {
  exponentialMovingAverage,
  RunningExponentialMovingAverage,
  RunningSimpleMovingAverage,
  simpleMovingAverage,
} from './moving-average.ts';
import { relativeStrengthIndex, RunningRelativeStrengthIndex } from './relative-strength.ts';
import { averageDailyVolume, rollingVwap, RunningAverageDailyVolume, RunningVwap } from './volume-price.ts';

interface Bars {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** Bars whose close moves by a few percent a session, with flat stretches, ranges and volumes of every kind. */
const bars: fc.Arbitrary<Bars> = fc
  .tuple(
    fc.double({ min: 0.5, max: 5000, noNaN: true }),
    fc.array(
      fc.record({
        move: fc.oneof(fc.constant(0), fc.double({ min: -0.2, max: 0.2, noNaN: true })),
        up: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.1, noNaN: true })),
        down: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.1, noNaN: true })),
        volume: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e9 })),
      }),
      { minLength: 0, maxLength: 160, size: 'max' },
    ),
  )
  .map(([start, steps]) => {
    let last = start;
    const rows = steps.map(({ move, up, down, volume }) => {
      const close = last * (1 + move);
      const [top, bottom] = [Math.max(last, close) * (1 + up), Math.min(last, close) * (1 - down)];
      last = close;
      return { high: top, low: bottom, close, volume };
    });
    const column = (name: 'high' | 'low' | 'close' | 'volume'): Float64Array =>
      Float64Array.from(rows, (row) => row[name]);
    return { high: column('high'), low: column('low'), close: column('close'), volume: column('volume') };
  });

const period = fc.integer({ min: 2, max: 30 });
const check = (law: (data: Bars, n: number) => void): void => {
  fc.assert(fc.property(bars, period, law), { seed: 20260309, numRuns: 150 });
};

/** Equal to 1e-10 of the larger of the oracle's value and one unit, with NaN in the same places. */
function expectSame(actual: Float64Array, oracle: readonly number[]): void {
  expect(actual.length).toBe(oracle.length);
  const off = oracle.findIndex((value, index) => {
    const found = actual[index] ?? Number.NaN;
    if (Number.isNaN(value) || Number.isNaN(found)) return Number.isNaN(value) !== Number.isNaN(found);
    return Math.abs(found - value) > 1e-10 * Math.max(1, Math.abs(value));
  });
  expect(off < 0 ? 'equal' : `index ${off}: ${actual[off]} instead of ${oracle[off]}`).toBe('equal');
}

const perIndex = (length: number, value: (index: number) => number): number[] =>
  Array.from({ length }, (_, index) => value(index));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const lastOf = (values: Float64Array, index: number, n: number): number[] =>
  index + 1 < n ? [] : Array.from(values.slice(index + 1 - n, index + 1));

/** Wilder's smoothing, from its definition: a plain mean first, then (previous x (n - 1) + latest) / n. */
function wilder(values: readonly number[], n: number, index: number): number {
  if (index < n - 1) return Number.NaN;
  let average = mean(values.slice(0, n));
  for (let at = n; at <= index; at += 1) average = (average * (n - 1) + (values[at] ?? Number.NaN)) / n;
  return average;
}

const oracle = {
  sma: (values: Float64Array, n: number) =>
    perIndex(values.length, (index) => (index < n - 1 ? Number.NaN : mean(lastOf(values, index, n)))),
  ema: (values: Float64Array, n: number) =>
    perIndex(values.length, (index) => {
      if (index < n - 1) return Number.NaN;
      // Unrolled: the seed decays and each later value keeps its own weight.
      const k = 2 / (n + 1);
      let total = mean(Array.from(values.slice(0, n))) * (1 - k) ** (index - n + 1);
      for (let at = n; at <= index; at += 1) total += k * (1 - k) ** (index - at) * (values[at] ?? Number.NaN);
      return total;
    }),
  rsi: (closes: Float64Array, n: number) => {
    const changes = Array.from(closes.slice(1), (close, index) => close - (closes[index] ?? 0));
    const gains = changes.map((change) => Math.max(change, 0));
    const losses = changes.map((change) => Math.max(-change, 0));
    return perIndex(closes.length, (index) => {
      if (index < n) return Number.NaN;
      const [gain, loss] = [wilder(gains, n, index - 1), wilder(losses, n, index - 1)];
      if (gain === 0 && loss === 0) return 50;
      return loss === 0 ? 100 : 100 - 100 / (1 + gain / loss);
    });
  },
  ranges: ({ high, low, close }: Bars) =>
    Array.from(high, (top, index) => {
      const bottom = low[index] ?? 0;
      const before = index === 0 ? Number.NaN : (close[index - 1] ?? 0);
      return index === 0 ? top - bottom : Math.max(top - bottom, Math.abs(top - before), Math.abs(bottom - before));
    }),
  atr: (data: Bars, n: number) => {
    const ranges = oracle.ranges(data);
    return perIndex(ranges.length, (index) => wilder(ranges, n, index));
  },
  adx: (data: Bars, n: number) => {
    const ranges = oracle.ranges(data).slice(1);
    const moves = ranges.map((_, index) => ({
      up: (data.high[index + 1] ?? 0) - (data.high[index] ?? 0),
      down: (data.low[index] ?? 0) - (data.low[index + 1] ?? 0),
    }));
    const plus = moves.map(({ up, down }) => (up > down && up > 0 ? up : 0));
    const minus = moves.map(({ up, down }) => (down > up && down > 0 ? down : 0));
    const directional = ranges.map((_, index) => {
      if (index < n - 1) return Number.NaN;
      const range = wilder(ranges, n, index);
      const [up, down] = [(100 * wilder(plus, n, index)) / range, (100 * wilder(minus, n, index)) / range];
      return range === 0 || up + down === 0 ? 0 : (100 * Math.abs(up - down)) / (up + down);
    });
    const known = directional.slice(n - 1);
    return perIndex(data.close.length, (index) => (index < 2 * n - 1 ? Number.NaN : wilder(known, n, index - n)));
  },
  vwap: ({ high, low, close, volume }: Bars, n: number) =>
    perIndex(close.length, (index) => {
      if (index < n - 1) return Number.NaN;
      let [money, shares] = [0, 0];
      for (let at = index; at > index - n; at -= 1) {
        const typical = ((high[at] ?? 0) + (low[at] ?? 0) + (close[at] ?? 0)) / 3;
        money += typical * (volume[at] ?? 0);
        shares += volume[at] ?? 0;
      }
      return shares === 0 ? Number.NaN : money / shares;
    }),
  returns: (closes: Float64Array, n: number) =>
    perIndex(closes.length, (index) => {
      const [now, then] = [closes[index] ?? Number.NaN, closes[index - n] ?? Number.NaN];
      return (now - then) / then;
    }),
  volatility: (closes: Float64Array, n: number) =>
    perIndex(closes.length, (index) => {
      if (index < n) return Number.NaN;
      const logs = lastOf(closes, index, n + 1).map(Math.log);
      const steps = logs.slice(1).map((value, at) => value - (logs[at] ?? 0));
      // Sum of squares over all pairs: the variance without a mean.
      let squares = 0;
      for (const a of steps) for (const b of steps) squares += (a - b) ** 2;
      return Math.sqrt(squares / (2 * n * (n - 1)));
    }),
};

describe('indicators against an oracle from the definitions', () => {
  it('agree: simple moving average', () =>
    check((data, n) => expectSame(simpleMovingAverage(data.close, n), oracle.sma(data.close, n))));
  it('agree: exponential moving average', () =>
    check((data, n) => expectSame(exponentialMovingAverage(data.close, n), oracle.ema(data.close, n))));
  it('agree: RSI', () =>
    check((data, n) => expectSame(relativeStrengthIndex(data.close, n), oracle.rsi(data.close, n))));
  it('agree: ATR', () => check((data, n) => expectSame(averageTrueRange(data, n), oracle.atr(data, n))));
  it('agree: ADX', () => check((data, n) => expectSame(averageDirectionalIndex(data, n), oracle.adx(data, n))));
  it('agree: rolling VWAP', () => check((data, n) => expectSame(rollingVwap(data, n), oracle.vwap(data, n))));
  it('agree: average daily volume', () =>
    check((data, n) => expectSame(averageDailyVolume(data.volume, n), oracle.sma(data.volume, n))));
  it('agree: returns', () => check((data, n) => expectSame(returnsOver(data.close, n), oracle.returns(data.close, n))));
  it('agree: volatility', () =>
    check((data, n) => expectSame(rollingVolatility(data.close, n), oracle.volatility(data.close, n))));

  it('agree: correlation', () => {
    check((data, n) => {
      const a = returnsOver(data.close, 1).slice(1);
      const b = data.volume.slice(1);
      const found = rollingCorrelation(a, b, n);
      expect(found.length).toBe(a.length);
      for (let index = 0; index < found.length; index += 1) {
        const [xs, ys] = [lastOf(a, index, n), lastOf(b, index, n)];
        const off = (values: readonly number[]): number[] => values.map((value) => value - mean(values));
        const dot = (x: readonly number[], y: readonly number[]): number =>
          x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
        const [dx, dy] = [off(xs), off(ys)];
        const moves = xs.length === n && new Set(xs).size > 1 && new Set(ys).size > 1;
        const scale = Math.sqrt(dot(dx, dx) * dot(dy, dy));
        const value = found[index] ?? Number.NaN;
        if (!moves) expect(value).toBeNaN();
        else if (!Number.isNaN(value)) expect(Math.abs(value - dot(dx, dy) / scale)).toBeLessThan(1e-10);
      }
    });
  });

  it('gives the published RSI table of StockCharts (QQQQ, 14 sessions)', () => {
    const quoted =
      '44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 46.2820 ' +
      '46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 45.7835 45.3548 44.0288 44.1783 ' +
      '44.2181 44.5672 43.4205 42.6628 43.1314';
    const closes = Float64Array.from(quoted.split(' '), Number);
    const published =
      '70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 37.30 33.08 37.77';
    const found = Array.from(relativeStrengthIndex(closes, 14).slice(14));
    expect(found.map((value) => value.toFixed(2)).join(' ')).toBe(published);
  });

  it('shows where it stands when nothing moves, only rises or only falls', () => {
    const rising = Float64Array.from({ length: 40 }, (_, day) => 100 + day);
    const falling = rising.slice().reverse();
    const flat = new Float64Array(40).fill(10);
    expect([rising, falling, flat].map((closes) => relativeStrengthIndex(closes, 14).at(-1))).toEqual([100, 0, 50]);
    const ranged = (close: Float64Array) => ({
      close,
      high: close.map((value) => value + 1),
      low: close.map((value) => value - 1),
    });
    expect(averageDirectionalIndex(ranged(rising), 14).at(-1)).toBeCloseTo(100, 9);
    expect(averageDirectionalIndex(ranged(flat), 14).at(-1)).toBe(0);
    expect(averageTrueRange(ranged(flat), 14).at(-1)).toBeCloseTo(2, 12);
  });

  it('refuses a period that is no whole number of sessions', () => {
    expect(() => simpleMovingAverage(new Float64Array(3), 0)).toThrow(/period/);
    expect(() => rollingVolatility(new Float64Array(3), 1)).toThrow(/at least 2/);
    expect(() => new RunningRelativeStrengthIndex(1.5)).toThrow(/period/);
  });
});

describe('running forms', () => {
  it('equal the columns to the last bit', () => {
    check((data, n) => {
      const rows = perIndex(data.close.length, (index) => index).map((index) => ({
        high: data.high[index] ?? 0,
        low: data.low[index] ?? 0,
        close: data.close[index] ?? 0,
        volume: data.volume[index] ?? 0,
      }));
      const [sma, ema] = [new RunningSimpleMovingAverage(n), new RunningExponentialMovingAverage(n)];
      const [rsi, atr, adx] = [
        new RunningRelativeStrengthIndex(n),
        new RunningAverageTrueRange(n),
        new RunningAverageDirectionalIndex(n),
      ];
      const [vwap, volume, change] = [new RunningVwap(n), new RunningAverageDailyVolume(n), new RunningReturn(n)];
      const [volatility, correlation] = [new RunningVolatility(n), new RunningCorrelation(n)];
      const run = (next: (row: (typeof rows)[number]) => number): Float64Array => Float64Array.from(rows, next);
      expect(run((row) => sma.next(row.close))).toEqual(simpleMovingAverage(data.close, n));
      expect(run((row) => ema.next(row.close))).toEqual(exponentialMovingAverage(data.close, n));
      expect(run((row) => rsi.next(row.close))).toEqual(relativeStrengthIndex(data.close, n));
      expect(run((row) => atr.next(row))).toEqual(averageTrueRange(data, n));
      expect(run((row) => adx.next(row))).toEqual(averageDirectionalIndex(data, n));
      expect(run((row) => vwap.next(row))).toEqual(rollingVwap(data, n));
      expect(run((row) => volume.next(row.volume))).toEqual(averageDailyVolume(data.volume, n));
      expect(run((row) => change.next(row.close))).toEqual(returnsOver(data.close, n));
      expect(run((row) => volatility.next(row.close))).toEqual(rollingVolatility(data.close, n));
      expect(run((row) => correlation.next(row.close, row.volume))).toEqual(
        rollingCorrelation(data.close, data.volume, n),
      );
    });
  });
});

describe('columns', () => {
  it('never change what they said when later sessions come', () => {
    check((data, n) => {
      const cut = Math.floor(data.close.length / 2);
      const early: Bars = {
        high: data.high.slice(0, cut),
        low: data.low.slice(0, cut),
        close: data.close.slice(0, cut),
        volume: data.volume.slice(0, cut),
      };
      const all = (of: Bars): Float64Array[] => [
        simpleMovingAverage(of.close, n),
        exponentialMovingAverage(of.close, n),
        relativeStrengthIndex(of.close, n),
        averageTrueRange(of, n),
        averageDirectionalIndex(of, n),
        rollingVwap(of, n),
        returnsOver(of.close, n),
        rollingVolatility(of.close, n),
        rollingCorrelation(of.close, of.volume, n),
      ];
      expect(all(data).map((column) => column.slice(0, cut))).toEqual(all(early));
    });
  });
});
