/** Daily bars from a CSV or CSV.gz file. Rows that cannot be trusted are named by their number and kept out. */
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { FIRST_YEAR, LAST_YEAR, sessionOf } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import type { CsvRow } from './csv-rows.ts';
import { headerNames, MarketFileError, readCsvFile, requireColumns } from './read-csv-file.ts';

/** What is wrong with a row, in the order in which rows are looked at. */
export type DirtCode =
  | 'columns-missing'
  | 'symbol-malformed'
  | 'date-malformed'
  | 'not-a-session'
  | 'value-missing'
  | 'value-malformed'
  | 'price-not-positive'
  | 'volume-negative'
  | 'high-below-low'
  | 'open-outside-range'
  | 'close-outside-range'
  | 'repeated'
  | 'out-of-order';

export interface DirtyRow {
  /** Line of the file, the header being 1. */
  readonly row: number;
  readonly symbol: string;
  readonly date: string;
  readonly code: DirtCode;
  readonly text: string;
}

export interface DirtReport {
  /** Rows under the header. */
  readonly rows: number;
  readonly kept: number;
  readonly counts: Readonly<Partial<Record<DirtCode, number>>>;
  /** The first thousand, in the order of the file. */
  readonly listed: readonly DirtyRow[];
}

const LISTED_MAX = 1000;
const REQUIRED = ['date', 'open', 'high', 'low', 'close', 'volume'] as const;
const EXPECTED = 'daily bars as CSV or CSV.gz with date,symbol,open,high,low,close,volume';

export interface BarsFile {
  /** By ticker. */
  readonly bars: readonly BarColumns[];
  readonly dirt: DirtReport;
}

/** Columns of one symbol while it is being read. */
class GrowingBars {
  readonly dates: CalendarDate[] = [];
  #columns = new Float64Array(5 * 64);
  #capacity = 64;
  #length = 0;

  push(date: CalendarDate, values: Float64Array): void {
    if (this.#length === this.#capacity) this.#grow();
    for (let column = 0; column < 5; column += 1) {
      this.#columns[column * this.#capacity + this.#length] = values[column] ?? Number.NaN;
    }
    this.dates.push(date);
    this.#length += 1;
  }

  #grow(): void {
    const wider = new Float64Array(this.#columns.length * 2);
    for (let column = 0; column < 5; column += 1) {
      wider.set(this.#column(column), column * this.#capacity * 2);
    }
    this.#columns = wider;
    this.#capacity *= 2;
  }

  #column(column: number): Float64Array {
    const start = column * this.#capacity;
    return this.#columns.subarray(start, start + this.#length);
  }

  finish(name: Ticker): BarColumns {
    const [open, high, low, close, volume] = [0, 1, 2, 3, 4].map((column) => this.#column(column).slice());
    const none = new Float64Array(0);
    return {
      ticker: name,
      dates: this.dates,
      open: open ?? none,
      high: high ?? none,
      low: low ?? none,
      close: close ?? none,
      volume: volume ?? none,
    };
  }
}

/** Judges rows one by one; `finish` gives what came of them. */
class BarReader {
  readonly #symbols = new Map<string, GrowingBars | null>();
  readonly #dates = new Map<number, Result<CalendarDate, DirtCode>>();
  readonly #counts: Partial<Record<DirtCode, number>> = {};
  readonly #listed: DirtyRow[] = [];
  readonly #positions: readonly number[];
  readonly #datePosition: number;
  readonly #symbolPosition: number;
  readonly #onlySymbol: string;
  readonly #fieldsMin: number;
  readonly #values = new Float64Array(5);
  #rows = 0;
  #kept = 0;

  /** @throws MarketFileError when a column is missing. */
  constructor(header: CsvRow, onlySymbol: string | null, path: string) {
    requireColumns(path, EXPECTED, header, onlySymbol === null ? ['symbol', ...REQUIRED] : REQUIRED);
    const names = headerNames(header);
    this.#datePosition = names.indexOf('date');
    this.#symbolPosition = names.indexOf('symbol');
    this.#onlySymbol = onlySymbol ?? '';
    this.#positions = REQUIRED.slice(1).map((name) => names.indexOf(name));
    this.#fieldsMin = Math.max(this.#datePosition, this.#symbolPosition, ...this.#positions) + 1;
  }

  read(row: CsvRow, line: number): void {
    this.#rows += 1;
    const code = this.#judge(row);
    if (code === null) {
      this.#kept += 1;
      return;
    }
    this.#counts[code] = (this.#counts[code] ?? 0) + 1;
    if (this.#listed.length >= LISTED_MAX) return;
    const symbol = this.#symbolPosition < 0 ? this.#onlySymbol : row.text(this.#symbolPosition).slice(0, 20);
    const date = row.text(this.#datePosition).slice(0, 20);
    this.#listed.push({ row: line, symbol, date, code, text: row.line().slice(0, 160) });
  }

  /** Keeps the row and answers null, or says what is wrong with it. */
  #judge(row: CsvRow): DirtCode | null {
    if (row.count < this.#fieldsMin) return 'columns-missing';
    const bars = this.#barsOf(this.#symbolPosition < 0 ? this.#onlySymbol : row.name(this.#symbolPosition));
    if (bars === null) return 'symbol-malformed';
    const date = this.#dateOf(row);
    if (!date.ok) return date.error;
    const wrong = this.#readValues(row);
    if (wrong !== null) return wrong;
    const last = bars.dates.at(-1);
    if (last !== undefined && date.value <= last) return date.value === last ? 'repeated' : 'out-of-order';
    bars.push(date.value, this.#values);
    return null;
  }

  #barsOf(symbol: string): GrowingBars | null {
    const known = this.#symbols.get(symbol);
    if (known !== undefined) return known;
    const made = /^[A-Z0-9][A-Z0-9./-]{0,15}$/.test(symbol) ? new GrowingBars() : null;
    this.#symbols.set(symbol, made);
    return made;
  }

  #dateOf(row: CsvRow): Result<CalendarDate, DirtCode> {
    const number = row.dateNumber(this.#datePosition);
    if (Number.isNaN(number)) return judgeDate(row.text(this.#datePosition));
    const known = this.#dates.get(number);
    if (known !== undefined) return known;
    const made = judgeDate(row.text(this.#datePosition));
    this.#dates.set(number, made);
    return made;
  }

  #readValues(row: CsvRow): DirtCode | null {
    for (let column = 0; column < 5; column += 1) {
      const field = this.#positions[column] ?? -1;
      const value = row.number(field);
      if (!Number.isFinite(value))
        return /^(|null|nan|na)$/i.test(row.text(field)) ? 'value-missing' : 'value-malformed';
      if (column < 4 && value <= 0) return 'price-not-positive';
      if (column === 4 && value < 0) return 'volume-negative';
      this.#values[column] = value;
    }
    const [open = 0, high = 0, low = 0, close = 0] = this.#values;
    if (high < low) return 'high-below-low';
    if (open > high || open < low) return 'open-outside-range';
    return close > high || close < low ? 'close-outside-range' : null;
  }

  finish(): BarsFile {
    const bars = [...this.#symbols]
      .flatMap(([name, columns]) =>
        columns === null || columns.dates.length === 0 ? [] : [columns.finish(ticker(name))],
      )
      .sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
    return { bars, dirt: { rows: this.#rows, kept: this.#kept, counts: this.#counts, listed: this.#listed } };
  }
}

function judgeDate(text: string): Result<CalendarDate, DirtCode> {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== text) return fail('date-malformed');
  const date = calendarDate(text);
  const year = Number(text.slice(0, 4));
  const known = year >= FIRST_YEAR && year <= LAST_YEAR && sessionOf(date) !== null;
  return known ? succeed(date) : fail('not-a-session');
}

function finished(reader: BarReader | null, path: string): BarsFile {
  const file = reader?.finish() ?? { bars: [], dirt: { rows: 0, kept: 0, counts: {}, listed: [] } };
  if (file.bars.length > 0) return file;
  const first = file.dirt.listed[0];
  const why =
    first === undefined
      ? 'no row under the header'
      : `row ${first.row} is the first of ${file.dirt.rows}: ${first.code}`;
  throw new MarketFileError(`${path}: holds no usable bar (${why}). Expected ${EXPECTED}`);
}

/**
 * Reads daily bars, streaming: one header, then one row a symbol and session, in any order of symbols, ascending by date
 * within each. Further columns are passed over.
 * @param onlySymbol the symbol of every row, for a file without that column.
 * @throws MarketFileError when the file is missing, is no CSV, lacks a column or holds no usable row.
 */
export async function readBarsCsv(path: string, onlySymbol: string | null = null): Promise<BarsFile> {
  const read: { by: BarReader | null } = { by: null };
  await readCsvFile(path, EXPECTED, (row, line) => {
    if (read.by === null) read.by = new BarReader(row, onlySymbol, path);
    else read.by.read(row, line);
  });
  return finished(read.by, path);
}
