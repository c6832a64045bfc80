/**
 * The indicators that every library has, as each of four npm libraries computes them, for speed and for values. They
 * differ in how they seed: what is said of each here was compared with the definitions, and is asserted.
 */
import * as ixjb94 from '@ixjb94/indicators';
import * as indicatorts from 'indicatorts';
import * as technicalindicators from 'technicalindicators';
import * as tradingSignals from 'trading-signals';
import { averageTrueRange } from '#shared/core/signal/indicators/average-range.ts';
import { exponentialMovingAverage, simpleMovingAverage } from '#shared/core/signal/indicators/moving-average.ts';
import { relativeStrengthIndex } from '#shared/core/signal/indicators/relative-strength.ts';
import type { VolumeColumns } from '#shared/core/signal/indicators/volume-price.ts';

/** Columns as the libraries want them. */
export interface PlainSeries {
  readonly high: number[];
  readonly low: number[];
  readonly close: number[];
  readonly bars: { readonly high: number; readonly low: number; readonly close: number }[];
}

export function plainSeries({ high, low, close }: VolumeColumns): PlainSeries {
  const bars = Array.from(close, (value, index) => ({
    high: high[index] ?? Number.NaN,
    low: low[index] ?? Number.NaN,
    close: value,
  }));
  return { high: [...high], low: [...low], close: [...close], bars };
}

type Values = readonly (number | null | undefined)[];

export interface Rival {
  readonly library: string;
  /**
   * How far its last values may lie from the definition's: 0 is the same but for rounding. Null: it is another
   * definition, and only its speed is compared.
   */
  readonly tolerance: number | null;
  readonly compute: (series: PlainSeries) => Values;
}

export interface Contest {
  readonly indicator: string;
  readonly own: (series: VolumeColumns) => Float64Array;
  readonly rivals: readonly Rival[];
}

const [AVERAGED, SMOOTHED] = [20, 14];
const sync = new ixjb94.IndicatorsSync();

/** One value after the other, as that library is made. */
const each = <Input>(
  indicator: { update(input: Input, replace: boolean): number | null },
  inputs: readonly Input[],
): Values => inputs.map((input) => indicator.update(input, false));

export const CONTESTS: readonly Contest[] = [
  {
    indicator: 'SMA 20',
    own: ({ close }) => simpleMovingAverage(close, AVERAGED),
    rivals: [
      { library: '@ixjb94/indicators', tolerance: 0, compute: ({ close }) => sync.sma(close, AVERAGED) },
      { library: 'indicatorts', tolerance: 0, compute: ({ close }) => indicatorts.sma(close, { period: AVERAGED }) },
      {
        library: 'technicalindicators',
        tolerance: 0,
        compute: ({ close }) => technicalindicators.SMA.calculate({ values: close, period: AVERAGED }),
      },
      {
        library: 'trading-signals',
        tolerance: 0,
        compute: ({ close }) => each(new tradingSignals.SMA(AVERAGED), close),
      },
    ],
  },
  {
    // All but one begin with the first value instead of an average; what is left of that fades.
    indicator: 'EMA 20',
    own: ({ close }) => exponentialMovingAverage(close, AVERAGED),
    rivals: [
      { library: '@ixjb94/indicators', tolerance: 0, compute: ({ close }) => sync.ema(close, AVERAGED) },
      { library: 'indicatorts', tolerance: 0, compute: ({ close }) => indicatorts.ema(close, { period: AVERAGED }) },
      {
        library: 'technicalindicators',
        tolerance: 0,
        compute: ({ close }) => technicalindicators.EMA.calculate({ values: close, period: AVERAGED }),
      },
      {
        library: 'trading-signals',
        tolerance: 0,
        compute: ({ close }) => each(new tradingSignals.EMA(AVERAGED), close),
      },
    ],
  },
  {
    indicator: 'RSI 14',
    own: ({ close }) => relativeStrengthIndex(close, SMOOTHED),
    rivals: [
      { library: '@ixjb94/indicators', tolerance: 0, compute: ({ close }) => sync.rsi(close, SMOOTHED) },
      { library: 'indicatorts', tolerance: 0, compute: ({ close }) => indicatorts.rsi(close, { period: SMOOTHED }) },
      {
        // Rounds to two decimals.
        library: 'technicalindicators',
        tolerance: 0.005,
        compute: ({ close }) => technicalindicators.RSI.calculate({ values: close, period: SMOOTHED }),
      },
      {
        library: 'trading-signals',
        tolerance: 0,
        compute: ({ close }) => each(new tradingSignals.RSI(SMOOTHED), close),
      },
    ],
  },
  {
    indicator: 'ATR 14',
    own: (series) => averageTrueRange(series, SMOOTHED),
    rivals: [
      {
        library: '@ixjb94/indicators',
        tolerance: 0,
        compute: ({ high, low, close }) => sync.atr(high, low, close, SMOOTHED),
      },
      {
        // A simple mean of true ranges.
        library: 'indicatorts',
        tolerance: null,
        compute: ({ high, low, close }) => indicatorts.atr(high, low, close, { period: SMOOTHED }).atrLine,
      },
      {
        library: 'technicalindicators',
        tolerance: 0,
        compute: ({ high, low, close }) => technicalindicators.ATR.calculate({ high, low, close, period: SMOOTHED }),
      },
      {
        library: 'trading-signals',
        tolerance: 0,
        compute: ({ bars }) => each(new tradingSignals.ATR(SMOOTHED), bars),
      },
    ],
  },
];

const ROUNDING = 1e-9;
const COMPARED = 500;

/** The largest difference of the last values, or null where the library follows another definition. */
export function differenceOf(own: Float64Array, rival: Rival, values: Values): number | null {
  if (rival.tolerance === null) return null;
  let largest = 0;
  for (let back = 1; back <= COMPARED; back += 1) {
    const value = values[values.length - back];
    largest = Math.max(largest, Math.abs((own[own.length - back] ?? Number.NaN) - (value ?? Number.NaN)));
  }
  return largest;
}

/** @throws Error when a library that follows the same definition comes to other values. */
export function requireEqualValues(contest: Contest, series: VolumeColumns, plain: PlainSeries): void {
  const own = contest.own(series);
  for (const rival of contest.rivals) {
    const difference = differenceOf(own, rival, rival.compute(plain));
    if (difference !== null && !(difference <= (rival.tolerance ?? 0) + ROUNDING)) {
      throw new Error(`${contest.indicator}: ${rival.library} is off by ${difference}`);
    }
  }
}
