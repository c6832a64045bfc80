/** Daily bars from a CSV or CSV.gz file. Rows that cannot be trusted are named by their number and kept out. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { FIRST_YEAR, LAST_YEAR, sessionOf } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';

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

/** A file that cannot be read as daily bars at all. The message names the file, what was found and what is right. */
export class MarketFileError extends Error {
  override readonly name = 'MarketFileError';
}

const LISTED_MAX = 1000;
const REQUIRED = ['date', 'open', 'high', 'low', 'close', 'volume'] as const;
const HEADER = 'date,symbol,open,high,low,close,volume';

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

  push(date: CalendarDate, values: readonly number[]): void {
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

/** Reads rows one by one; `report` and `finish` give what came of them. */
class BarReader {
  readonly #symbols = new Map<string, GrowingBars | null>();
  readonly #dates = new Map<string, Result<CalendarDate, DirtCode>>();
  readonly #counts: Partial<Record<DirtCode, number>> = {};
  readonly #listed: DirtyRow[] = [];
  readonly #positions: readonly number[];
  readonly #datePosition: number;
  readonly #symbolPosition: number;
  readonly #onlySymbol: string;
  readonly #fieldsMin: number;
  readonly #values: number[] = [0, 0, 0, 0, 0];
  #rows = 0;
  #kept = 0;

  constructor(header: readonly string[], onlySymbol: string | null, path: string) {
    const names = header.map((name) =>
      name
        .replace(/^\uFEFF/, '')
        .trim()
        .toLowerCase(),
    );
    const required = onlySymbol === null ? ['symbol', ...REQUIRED] : REQUIRED;
    const missing = required.filter((name) => !names.includes(name));
    if (missing.length > 0) {
      const found = header
        .join(',')
        .slice(0, 120)
        .replace(/[^\x20-\x7e]/g, '?');
      throw new MarketFileError(`${path}: expected the columns ${HEADER}, ${missing.join(', ')} missing in "${found}"`);
    }
    this.#datePosition = names.indexOf('date');
    this.#symbolPosition = names.indexOf('symbol');
    this.#onlySymbol = onlySymbol ?? '';
    this.#positions = REQUIRED.slice(1).map((name) => names.indexOf(name));
    this.#fieldsMin = Math.max(this.#datePosition, this.#symbolPosition, ...this.#positions) + 1;
  }

  read(fields: readonly string[], row: number): void {
    this.#rows += 1;
    const symbol = this.#symbolPosition < 0 ? this.#onlySymbol : (fields[this.#symbolPosition] ?? '');
    const date = fields[this.#datePosition] ?? '';
    const code = this.#judge(fields, symbol, date);
    if (code === null) {
      this.#kept += 1;
      return;
    }
    this.#counts[code] = (this.#counts[code] ?? 0) + 1;
    if (this.#listed.length < LISTED_MAX) {
      this.#listed.push({
        row,
        symbol: symbol.slice(0, 20),
        date: date.slice(0, 20),
        code,
        text: fields.join(',').slice(0, 160),
      });
    }
  }

  /** Keeps the row and answers null, or says what is wrong with it. */
  #judge(fields: readonly string[], symbol: string, dateText: string): DirtCode | null {
    if (fields.length < this.#fieldsMin) return 'columns-missing';
    const bars = this.#barsOf(symbol);
    if (bars === null) return 'symbol-malformed';
    const date = this.#dateOf(dateText);
    if (!date.ok) return date.error;
    const wrong = this.#readValues(fields);
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

  #dateOf(text: string): Result<CalendarDate, DirtCode> {
    const known = this.#dates.get(text);
    if (known !== undefined) return known;
    const made = judgeDate(text);
    this.#dates.set(text, made);
    return made;
  }

  #readValues(fields: readonly string[]): DirtCode | null {
    for (let column = 0; column < 5; column += 1) {
      const text = (fields[this.#positions[column] ?? -1] ?? '').trim();
      if (text === '' || text === 'null' || text === 'NaN' || text === 'NA') return 'value-missing';
      const value = Number(text);
      if (!Number.isFinite(value)) return 'value-malformed';
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

/** Gives the header to a new reader and every later row to it. */
class RowReader {
  readonly #path: string;
  readonly #onlySymbol: string | null;
  #reader: BarReader | null = null;
  #row = 0;

  constructor(path: string, onlySymbol: string | null) {
    this.#path = path;
    this.#onlySymbol = onlySymbol;
  }

  take(fields: readonly string[]): void {
    this.#row += 1;
    if (this.#reader === null) this.#reader = new BarReader(fields, this.#onlySymbol, this.#path);
    else if (fields.length > 1 || fields[0] !== '') this.#reader.read(fields, this.#row);
  }

  finish(): BarsFile {
    if (this.#reader === null) throw new MarketFileError(`${this.#path}: is empty. Expected CSV with ${HEADER}`);
    const file = this.#reader.finish();
    if (file.bars.length > 0) return file;
    const first = file.dirt.listed[0];
    const why =
      first === undefined
        ? 'no row under the header'
        : `row ${first.row} is the first of ${file.dirt.rows}: ${first.code}`;
    throw new MarketFileError(`${this.#path}: holds no usable bar (${why}). Expected CSV with ${HEADER}`);
  }
}

/** Gzip by its first two bytes, whatever the file is called. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function explain(path: string, cause: unknown): MarketFileError {
  if (cause instanceof MarketFileError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const why =
    code === 'ENOENT'
      ? 'no such file'
      : code === 'EISDIR'
        ? 'it is a folder'
        : code.startsWith('Z_')
          ? `the gzip data is damaged or cut off (${message})`
          : message;
  return new MarketFileError(`${path}: cannot be read as daily bars: ${why}. Expected CSV or CSV.gz with ${HEADER}`, {
    cause,
  });
}

/**
 * Reads daily bars, streaming: one header, then one row a symbol and session, in any order of symbols, ascending by date
 * within each. Further columns are passed over.
 * @param onlySymbol the symbol of every row, for a file without that column.
 * @throws MarketFileError when the file is missing, is no CSV, lacks a column or holds no usable row.
 */
export async function readBarsCsv(path: string, onlySymbol: string | null = null): Promise<BarsFile> {
  const rows = new RowReader(path, onlySymbol);
  const parser = parse({
    relax_column_count: true,
    max_record_size: 65_536,
    on_record: (fields: string[]) => {
      rows.take(fields);
      return null;
    },
  });
  // Nothing comes out of the parser, yet it ends only when somebody reads it.
  parser.resume();
  try {
    const gzip = await isGzip(path);
    const source = createReadStream(path, { highWaterMark: 1 << 18 });
    if (gzip) await pipeline(source, createGunzip({ chunkSize: 1 << 18 }), parser);
    else await pipeline(source, parser);
  } catch (cause) {
    throw explain(path, cause);
  }
  return rows.finish();
}
