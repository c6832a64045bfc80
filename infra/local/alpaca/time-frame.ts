/** Bars of any time frame, put together from minutes or from days. */
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { weekdayOf } from '#shared/core/market/calendar-day.ts';
import { newYorkDate, newYorkDayInstantMs, newYorkDayNumber } from '#shared/core/market/new-york-time.ts';
import type { FeedBar } from './market-feed.ts';

export interface TimeFrame {
  readonly count: number;
  readonly unit: 'minute' | 'hour' | 'day' | 'week' | 'month';
}

const UNITS: readonly (readonly [RegExp, TimeFrame['unit'], readonly number[] | number])[] = [
  [/^(\d+)(?:Min|T)$/, 'minute', 59],
  [/^(\d+)(?:Hour|H)$/, 'hour', 23],
  [/^(\d+)(?:Day|D)$/, 'day', 1],
  [/^(\d+)(?:Week|W)$/, 'week', 1],
  [/^(\d+)(?:Month|M)$/, 'month', [1, 2, 3, 4, 6, 12]],
];

/** Null for a text that names no time frame. */
export function parseTimeFrame(text: string): TimeFrame | null {
  for (const [pattern, unit, allowed] of UNITS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const count = Number(match[1]);
    const fits = typeof allowed === 'number' ? count >= 1 && count <= allowed : allowed.includes(count);
    return fits ? { count, unit } : null;
  }
  return null;
}

export const isIntraday = (frame: TimeFrame): boolean => frame.unit === 'minute' || frame.unit === 'hour';

/** The start of the bar that an instant falls into. Weeks start on Monday. */
export function frameStart(frame: TimeFrame, at: EpochMs): EpochMs {
  const day = newYorkDayNumber(at);
  switch (frame.unit) {
    case 'minute':
      return epochMs(at - (at % (frame.count * 60_000)));
    case 'hour':
      return epochMs(at - (at % (frame.count * 3_600_000)));
    case 'day':
      return epochMs(newYorkDayInstantMs(day, 0));
    case 'week':
      return epochMs(newYorkDayInstantMs(day - ((weekdayOf(day) + 6) % 7), 0));
    case 'month': {
      const date = newYorkDate(at);
      const month = Number(date.slice(5, 7)) - 1;
      const first = String(month - (month % frame.count) + 1).padStart(2, '0');
      return epochMs(Date.parse(`${date.slice(0, 4)}-${first}-01T05:00:00Z`));
    }
  }
}

/** Joins the bars that fall into one frame; the bars are minutes for an intraday frame, else days. */
export function joinBars(bars: readonly FeedBar[], frame: TimeFrame): readonly FeedBar[] {
  if (frame.count === 1 && (frame.unit === 'minute' || frame.unit === 'day')) return bars;
  const joined: FeedBar[] = [];
  for (const bar of bars) {
    const at = frameStart(frame, bar.at);
    const last = joined.at(-1);
    if (last === undefined || last.at !== at) {
      joined.push({ ...bar, at });
      continue;
    }
    const volume = last.volume + bar.volume;
    joined[joined.length - 1] = {
      at,
      open: last.open,
      high: Math.max(last.high, bar.high),
      low: Math.min(last.low, bar.low),
      close: bar.close,
      volume,
      trades: last.trades + bar.trades,
      vwap: volume === 0 ? last.vwap : (last.vwap * last.volume + bar.vwap * bar.volume) / volume,
    };
  }
  return joined;
}
