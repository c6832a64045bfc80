/**
 * A price through a session, made from its bar alone: from the open over both extremes to the close in straight lines,
 * with turning points drawn from the seed. Every bid, ask and print lies on tick and within the bar.
 */
import { type Price, ZERO_PRICE, parsePrice, proratePrice } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { Session } from '#shared/core/market/types.ts';
import { chanceOf } from './fingerprint.ts';
import type { PriceTest } from './venue-market.ts';

/** Plain numbers, as bars are. */
export interface PathBar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export interface PricePath {
  /** Open, two turning points, close: ascending instants. */
  readonly times: readonly [number, number, number, number];
  readonly mids: readonly [number, number, number, number];
  /** Lowest and highest price on tick within the bar, and the tick, in hundredths of a cent. */
  readonly lowUnits: number;
  readonly highUnits: number;
  readonly tickUnits: number;
  /** Half of the spread, as a share of the price. */
  readonly halfSpread: number;
}

const UNITS = 10_000;
const UNIT: Price = parsePrice('0.0001');
/** Guards against a binary fraction such as 0.29 * 10,000 = 2899.9999999999995. */
const SLACK = 1e-6;

const floorTo = (units: number, tick: number): number => Math.floor(units / tick + SLACK) * tick;
const ceilTo = (units: number, tick: number): number => Math.ceil(units / tick - SLACK) * tick;

/** A bar of split-adjusted prices can be too narrow for its tick: then a finer one, then the bar's own low. */
function ticksWithin(bar: PathBar): Pick<PricePath, 'lowUnits' | 'highUnits' | 'tickUnits'> {
  const low = bar.low * UNITS;
  const high = bar.high * UNITS;
  for (const tickUnits of bar.low >= 1 ? [100, 1] : [1]) {
    const lowUnits = ceilTo(low, tickUnits);
    const highUnits = floorTo(high, tickUnits);
    if (lowUnits <= highUnits) return { lowUnits, highUnits, tickUnits };
  }
  return { lowUnits: low, highUnits: low, tickUnits: 1 };
}

/** The path of one bar through its session. A rising bar goes to its low first, a falling one to its high. */
export function pricePath(bar: PathBar, session: Session, seed: number, ticker: Ticker): PricePath {
  const length = session.closeAt - session.openAt;
  const key = ticker + session.date;
  const first = session.openAt + Math.floor(length * (0.1 + 0.35 * chanceOf(seed, 'first-turn:', key, 0)));
  const second = session.openAt + Math.floor(length * (0.55 + 0.35 * chanceOf(seed, 'second-turn:', key, 0)));
  const rising = bar.close >= bar.open;
  return {
    times: [session.openAt, first, second, session.closeAt],
    mids: [bar.open, rising ? bar.low : bar.high, rising ? bar.high : bar.low, bar.close],
    ...ticksWithin(bar),
    halfSpread: 0.00005 + 0.00015 * chanceOf(seed, 'spread:', ticker, 0),
  };
}

/** The middle of the market at an instant; before the open the open, after the close the close. */
function midAt(path: PricePath, at: number): number {
  const { times, mids } = path;
  if (at <= times[0]) return mids[0];
  for (const index of [1, 2, 3] as const) {
    const endAt = times[index];
    if (at > endAt) continue;
    const startAt = times[index === 1 ? 0 : index === 2 ? 1 : 2];
    const start = mids[index === 1 ? 0 : index === 2 ? 1 : 2];
    return endAt === startAt ? mids[index] : start + ((mids[index] - start) * (at - startAt)) / (endAt - startAt);
  }
  return mids[3];
}

/** Exact for whole units; the low of a bar too narrow for any tick is rounded to 9 decimals. */
function priceOfUnits(units: number): Price {
  if (Number.isInteger(units)) return proratePrice(UNIT, BigInt(units), 1n, 'half-even');
  return proratePrice(UNIT, BigInt(Math.round(units * 1e5)), 100_000n, 'half-even');
}

const within = (path: PricePath, units: number): number => Math.min(path.highUnits, Math.max(path.lowUnits, units));

function unitsAt(path: PricePath, of: PriceTest['of'], at: number): number {
  const mid = midAt(path, at) * UNITS;
  const tick = path.tickUnits;
  if (of === 'trade') return within(path, Math.round(mid / tick) * tick);
  return of === 'ask'
    ? within(path, ceilTo(mid * (1 + path.halfSpread), tick))
    : within(path, floorTo(mid * (1 - path.halfSpread), tick));
}

export const priceAt = (path: PricePath, of: PriceTest['of'], at: EpochMs): Price =>
  priceOfUnits(unitsAt(path, of, at));

export const lowOf = (path: PricePath): Price => priceOfUnits(path.lowUnits);
export const highOf = (path: PricePath): Price => priceOfUnits(path.highUnits);

/**
 * The first instant of `from` to `until`, both inclusive, at which the test holds; null when there is none. Bid, ask
 * and print are monotone between turning points, so each leg is bisected.
 */
export function firstInstantOnPath(path: PricePath, test: PriceTest, from: EpochMs, until: EpochMs): EpochMs | null {
  const limit = unitsOfPrice(test.price);
  const holds = (at: number): boolean => {
    const units = unitsAt(path, test.of, at);
    return test.is === 'at-most' ? units <= limit : units >= limit;
  };
  if (from > until) return null;
  if (holds(from)) return from;
  let start: number = from;
  for (const turn of path.times) {
    const legEnd = Math.min(turn, until);
    if (legEnd <= start) continue;
    if (holds(legEnd)) {
      let low = start;
      let high = legEnd;
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (holds(middle)) high = middle;
        else low = middle;
      }
      return epochMs(high);
    }
    start = legEnd;
  }
  return null;
}

/** Only compared with other units. */
function unitsOfPrice(price: Price): number {
  return price <= ZERO_PRICE ? 0 : Number(price) / Number(UNIT);
}
