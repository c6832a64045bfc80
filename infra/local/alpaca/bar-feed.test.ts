import { describe, expect, it } from 'vitest';
import { formatPrice, parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, type EpochMs, epochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { adjustForSplits } from '#shared/core/market/splits.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { barFeed, ordinaryAsset } from './bar-feed.ts';

const KO = ticker('KO');
const SESSIONS = sessionsBetween(calendarDate('2026-01-05'), calendarDate('2026-02-27'));
const at = (text: string): EpochMs => parseEpochMs(text);

/** Bars of the 5th, 6th and 8th; on the 7th nothing traded. */
const BARS: BarColumns = {
  ticker: KO,
  dates: ['2026-01-05', '2026-01-06', '2026-01-08'].map(calendarDate),
  open: Float64Array.of(100, 104, 51),
  high: Float64Array.of(106, 108, 53),
  low: Float64Array.of(98, 101, 50),
  close: Float64Array.of(104, 102, 52),
  volume: Float64Array.of(1_000, 2_001, 3_000),
};
const SPLIT = { ticker: KO, date: calendarDate('2026-01-08'), to: 2, from: 1 };
const feed = barFeed({
  bars: [BARS],
  sessions: SESSIONS,
  seed: 1,
  splits: [SPLIT],
  assets: [ordinaryAsset(ticker('NEW'))],
});

const last = (instant: EpochMs): string => {
  const trade = feed.tradeAt(KO, instant);
  return trade === null ? 'none' : formatPrice(trade.price);
};

describe('a feed of daily bars', () => {
  it('prints the open at the open and the close after the close', () => {
    expect(last(at('2026-01-05T09:30:00-05:00'))).toBe('100');
    expect(last(at('2026-01-05T16:00:00-05:00'))).toBe('104');
    expect(last(at('2026-01-06T09:29:59-05:00'))).toBe('104');
    expect(last(at('2026-01-06T09:30:00-05:00'))).toBe('104');
  });

  it('has no price before its first session, and none of an asset without bars', () => {
    expect(last(at('2026-01-05T09:29:59-05:00'))).toBe('none');
    expect(feed.quoteAt(KO, at('2026-01-05T09:00:00-05:00'))).toBeNull();
    expect(feed.tradeAt(ticker('NEW'), at('2026-01-06T10:00:00-05:00'))).toBeNull();
    expect(feed.asset(ticker('NEW'))?.tradable).toBe(true);
    expect(feed.quoteAt(ticker('NOPE'), at('2026-01-06T10:00:00-05:00'))).toBeNull();
  });

  it('quotes nothing in a session without a bar, and keeps the last print', () => {
    const noon = at('2026-01-07T12:00:00-05:00');
    expect(feed.quoteAt(KO, noon)).toMatchObject({ bid: null, ask: null });
    expect([last(noon), feed.barAt(KO, noon)]).toEqual(['102', null]);
  });

  it('tells the whole bar of the session that is open, as its prints have it', () => {
    const bar = { open: parsePrice('100'), volume: wholeQuantity(1_000) };
    for (const time of ['09:30:00', '15:59:59']) {
      expect(feed.barAt(KO, at(`2026-01-05T${time}-05:00`))).toMatchObject(bar);
    }
    expect(feed.barAt(KO, at('2026-01-05T09:29:59-05:00'))).toBeNull();
    expect(feed.barAt(ticker('NOPE'), at('2026-01-05T10:00:00-05:00'))).toBeNull();
  });

  it('finds the first instant over several sessions, and none beyond the span', () => {
    const test = { of: 'ask', is: 'at-most', price: parsePrice('55') } as const;
    const from = at('2026-01-05T15:59:00-05:00');
    expect(feed.firstInstant(KO, test, from, at('2026-01-09T16:00:00-05:00'))).toBe(at('2026-01-08T09:30:00-05:00'));
    expect(feed.firstInstant(KO, test, from, at('2026-01-08T09:29:59-05:00'))).toBeNull();
    expect(feed.firstInstant(ticker('NOPE'), test, from, at('2026-01-09T16:00:00-05:00'))).toBeNull();
  });

  it('restates the resting price from the night of a split on', () => {
    expect(last(at('2026-01-07T23:59:59-05:00'))).toBe('102');
    expect(last(at('2026-01-08T00:00:00-05:00'))).toBe('51');
    expect(last(at('2026-01-08T09:30:00-05:00'))).toBe('51');
  });

  it('restates bars to the very numbers that the rest of the house has', () => {
    const now = at('2026-01-08T17:00:00-05:00');
    const [from, to] = [calendarDate('2026-01-05'), calendarDate('2026-01-08')];
    const restated = adjustForSplits(BARS, [SPLIT], to);
    const bars = feed.dailyBars(KO, from, to, now, 'split');
    expect(bars.map((bar) => [bar.open, bar.high, bar.low, bar.close, bar.volume])).toEqual(
      [0, 1, 2].map((row) =>
        [restated.open, restated.high, restated.low, restated.close, restated.volume].map((column) => column[row]),
      ),
    );
  });

  it('tells of the session in progress its extremes as soon as they were reached', () => {
    const close = at('2026-01-06T16:00:00-05:00');
    const [date, soFar] = [calendarDate('2026-01-06'), addMs(close, -1)];
    expect(feed.dailyBars(KO, date, date, soFar, 'raw')).toMatchObject([
      { open: 104, high: 108, low: 101, volume: 2_000 },
    ]);
    expect(feed.dailyBars(KO, date, date, close, 'raw')).toMatchObject([
      { open: 104, high: 108, low: 101, close: 102, volume: 2_001 },
    ]);
    expect(feed.dailyBars(KO, date, date, at('2026-01-06T09:29:59-05:00'), 'raw')).toEqual([]);
  });

  it('cuts minutes at now', () => {
    const open = at('2026-01-06T09:30:00-05:00');
    const minutes = feed.minuteBars(KO, open, addMs(open, 3_600_000), addMs(open, 90_000), 'raw');
    expect(minutes.map((bar) => bar.at)).toEqual([open, addMs(open, 60_000)]);
    expect(feed.minuteBars(KO, addMs(open, 1), addMs(open, 59_999), addMs(open, 600_000), 'raw')).toEqual([]);
    expect(feed.minuteBars(ticker('NOPE'), open, open, open, 'raw')).toEqual([]);
  });

  it('refuses two sets of bars for one symbol', () => {
    expect(() => barFeed({ bars: [BARS, BARS], sessions: SESSIONS, seed: 1 })).toThrow('two sets of bars for KO');
  });

  it('is the same for the same seed, and another for another', () => {
    const noon = at('2026-01-06T12:00:00-05:00');
    const quotes = [1, 1, 2].map((seed) =>
      Array.from(
        { length: 50 },
        (_, n) => barFeed({ bars: [BARS], sessions: SESSIONS, seed }).tradeAt(KO, epochMs(noon + n * 60_000))?.price,
      ),
    );
    expect(quotes[0]).toEqual(quotes[1]);
    expect(quotes[0]).not.toEqual(quotes[2]);
  });
});
