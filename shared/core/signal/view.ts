/**
 * What a strategy may look at: bars and indicators up to one completed session, counted back from it. There is no way
 * to name a later bar, and trying to throws.
 */
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { historyStart, jumpIndices, sliceBars } from '#shared/core/market/history.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { lastIndexUpTo } from '#shared/core/market/universe.ts';
import type { FeatureTable, Indicator } from './indicator.ts';
import type { ModelVersion } from './model/model-version.ts';
import type { OpenPosition } from './types.ts';

/** A strategy tried to read a bar that its session had not seen. */
export class LookAheadError extends Error {
  override readonly name = 'LookAheadError';
  constructor(ticker: Ticker, asOf: CalendarDate, ago: number) {
    super(`${ticker} as of ${asOf}: sessions are counted back from it as 0, 1, 2, ...; ${ago} is not in the past`);
  }
}

/** One symbol's bars of two years with what was computed of them. Strategies never hold this, only a `SymbolView`. */
class SymbolHistory {
  readonly bars: BarColumns;
  /** First index of each unbroken stretch, ascending; the first is 0. */
  readonly #starts: readonly number[];
  /** By the slot of their indicator. */
  readonly #columns: (Float64Array | undefined)[] = [];
  readonly #tables: (Float64Array | undefined)[] = [];

  constructor(bars: BarColumns) {
    this.bars = bars;
    this.#starts = [0, ...jumpIndices(bars)];
  }

  /** Where the unbroken stretch begins that an index lies in. */
  startOf(index: number): number {
    let found = 0;
    for (const start of this.#starts) if (start <= index) found = start;
    return found;
  }

  column(indicator: Indicator): Float64Array {
    const known = this.#columns[indicator.slot];
    if (known !== undefined) return known;
    const column = this.#compute(indicator);
    this.#columns[indicator.slot] = column;
    return column;
  }

  table(features: FeatureTable): Float64Array {
    const known = this.#tables[features.slot];
    if (known !== undefined) return known;
    const table = features.compute(this.bars, (indicator) => this.column(indicator));
    this.#tables[features.slot] = table;
    return table;
  }

  /** An indicator begins anew after each break, so that no value mixes prices from before and after. */
  #compute(indicator: Indicator): Float64Array {
    if (this.#starts.length === 1) return indicator.compute(this.bars);
    const column = new Float64Array(this.bars.dates.length);
    for (const [rank, start] of this.#starts.entries()) {
      const end = this.#starts[rank + 1] ?? this.bars.dates.length;
      column.set(indicator.compute(sliceBars(this.bars, start, end)), start);
    }
    return column;
  }
}

/** Prices and indicators of one symbol, as of one session. What lies before the history is NaN. */
export class SymbolView {
  readonly ticker: Ticker;
  readonly asOf: CalendarDate;
  /** Entries are wanted for symbols of the universe; others are shown because they are held. */
  readonly inUniverse: boolean;
  readonly #history: SymbolHistory;
  readonly #last: number;
  readonly #start: number;

  constructor(history: SymbolHistory, last: number, asOf: CalendarDate, inUniverse: boolean) {
    this.ticker = history.bars.ticker;
    this.asOf = asOf;
    this.inUniverse = inUniverse;
    this.#history = history;
    this.#last = last;
    this.#start = history.startOf(last);
  }

  /** Number of sessions that can be looked at, the as-of session included. */
  get sessions(): number {
    return this.#last - this.#start + 1;
  }

  /** Each takes how many sessions ago, 0 being the as-of session. @throws LookAheadError below 0. */
  open(ago = 0): number {
    return this.#read(this.#history.bars.open, ago);
  }
  high(ago = 0): number {
    return this.#read(this.#history.bars.high, ago);
  }
  low(ago = 0): number {
    return this.#read(this.#history.bars.low, ago);
  }
  close(ago = 0): number {
    return this.#read(this.#history.bars.close, ago);
  }
  /** Shares. */
  volume(ago = 0): number {
    return this.#read(this.#history.bars.volume, ago);
  }
  /** An indicator's value; NaN while it has too few sessions. */
  value(indicator: Indicator, ago = 0): number {
    return this.#read(this.#history.column(indicator), ago);
  }
  /**
   * Copies the features of the session so many bars ago to a place in a row.
   * @returns false where one of them is not known, whatever then stands there
   */
  readFeatures(features: FeatureTable, ago: number, into: Float64Array, start: number): boolean {
    this.#guard(ago);
    const index = this.#last - ago;
    if (index < this.#start) return false;
    const table = this.#history.table(features);
    const from = index * features.width;
    for (let offset = 0; offset < features.width; offset += 1) {
      const value = table[from + offset] ?? Number.NaN;
      if (!Number.isFinite(value)) return false;
      into[start + offset] = value;
    }
    return true;
  }
  /** The session so many bars ago, or null before the history. */
  date(ago = 0): CalendarDate | null {
    this.#guard(ago);
    return this.#last - ago < this.#start ? null : (this.#history.bars.dates[this.#last - ago] ?? null);
  }

  /** Bars after a day, up to and including the as-of session. */
  sessionsSince(date: CalendarDate): number {
    return Math.max(0, this.#last - lastIndexUpTo(this.#history.bars.dates, date));
  }

  /** True when a jump has cut the history after a day: indicators began anew since then. */
  brokeAfter(date: CalendarDate): boolean {
    return this.#start > 0 && (this.#history.bars.dates[this.#start] ?? '') > date;
  }

  #guard(ago: number): void {
    if (!(ago >= 0)) throw new LookAheadError(this.ticker, this.asOf, ago);
    invariant(Number.isInteger(ago), `sessions are counted in whole numbers, not ${ago}`);
  }

  #read(column: Float64Array, ago: number): number {
    if (ago !== 0) this.#guard(ago);
    const index = this.#last - ago;
    return index < this.#start ? Number.NaN : (column[index] ?? Number.NaN);
  }
}

/** What one strategy sees as of one session. */
export interface StrategyView {
  readonly asOf: CalendarDate;
  /** By ticker: symbols that have a bar of the as-of session. */
  readonly symbols: readonly SymbolView[];
  /** The strategy's own open position, or null. */
  readonly positionOf: (ticker: Ticker) => OpenPosition | null;
  /** Of a strategy of class `model`: the version that is active and may speak for the session; null while none may. */
  readonly model: ModelVersion | null;
}

/** A symbol's bars with the two-year stretch that was looked at last. */
interface Shelf {
  readonly bars: BarColumns;
  history: SymbolHistory | null;
  /** Year of the history, and the index of its first bar in all bars. */
  year: string;
  offset: number;
  /** Index of the bar found last, in all bars. */
  cursor: number;
}

/** Bars of a market, from which views are made for one session after the other or for any session at all. */
export class MarketHistory {
  readonly #shelves: readonly Shelf[];

  /** @param bars clean bars, split-adjusted, oldest first. */
  constructor(bars: readonly BarColumns[]) {
    this.#shelves = bars
      .map((columns) => ({ bars: columns, history: null, year: '', offset: 0, cursor: -1 }))
      .sort((a, b) => (a.bars.ticker < b.bars.ticker ? -1 : 1));
  }

  /**
   * Views of the symbols that have a bar of the session.
   * @param universe symbols that may be entered; null means all.
   * @param historyOf the session whose history is looked at; a training looks at that of the session that it is for.
   */
  symbolsAsOf(
    asOf: CalendarDate,
    universe: ReadonlySet<Ticker> | null,
    historyOf: CalendarDate = asOf,
  ): readonly SymbolView[] {
    const views: SymbolView[] = [];
    const span = spanOf(historyOf);
    for (const shelf of this.#shelves) {
      const index = findBar(shelf, asOf);
      if (index < 0) continue;
      const history = historyFor(shelf, span);
      if (index < shelf.offset) continue;
      views.push(new SymbolView(history, index - shelf.offset, asOf, universe?.has(shelf.bars.ticker) ?? true));
    }
    return views;
  }
}

/** The stretch of history of one year's sessions: whatever lies after `before`, up to and including `last`. */
interface Span {
  readonly year: string;
  readonly before: CalendarDate;
  readonly last: CalendarDate;
}

function spanOf(asOf: CalendarDate): Span {
  const year = asOf.slice(0, 4);
  const before = dateOfDayNumber(dayNumberOf(historyStart(asOf)) - 1);
  return { year, before, last: calendarDate(`${year}-12-31`) };
}

/** Index of the bar of a session in all bars, or -1. Sessions mostly come one after the other. */
function findBar(shelf: Shelf, asOf: CalendarDate): number {
  const { dates } = shelf.bars;
  if (dates[shelf.cursor] === asOf) return shelf.cursor;
  if (dates[shelf.cursor + 1] === asOf) shelf.cursor += 1;
  else shelf.cursor = lastIndexUpTo(dates, asOf);
  return dates[shelf.cursor] === asOf ? shelf.cursor : -1;
}

function historyFor(shelf: Shelf, span: Span): SymbolHistory {
  if (shelf.history !== null && shelf.year === span.year) return shelf.history;
  const first = lastIndexUpTo(shelf.bars.dates, span.before) + 1;
  const end = lastIndexUpTo(shelf.bars.dates, span.last) + 1;
  const history = new SymbolHistory(sliceBars(shelf.bars, first, end));
  shelf.history = history;
  shelf.year = span.year;
  shelf.offset = first;
  return history;
}
