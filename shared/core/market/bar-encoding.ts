/**
 * Daily bars packed for storage, one item a symbol and year: a header, the day of the year of each session, and the five
 * columns as IEEE 754 doubles, little-endian, so that what is read is bit for bit what was written. A year of sessions
 * takes some 10 KB.
 *
 * | bytes | content |
 * | --- | --- |
 * | 0 - 1 | "BD" |
 * | 2 | format version, 1 |
 * | 3 | 0 |
 * | 4 - 5 | year |
 * | 6 - 7 | number of sessions n |
 * | 8 - 11 | FNV-1a of all bytes after this |
 * | 12 | n times day of the year (1 January is 0), two bytes each |
 * | 12 + 2n | n opens, n highs, n lows, n closes, n volumes, eight bytes each |
 */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumber, dayNumberOf } from './calendar-day.ts';
import { sliceBars } from './history.ts';
import type { BarColumns } from './types.ts';

const HEADER_BYTES = 12;
const VERSION = 1;
const COLUMNS = ['open', 'high', 'low', 'close', 'volume'] as const;
const ROW_BYTES = 2 + COLUMNS.length * 8;

/** Bytes that are no packed bars, or bars that cannot be packed. */
export class BarEncodingError extends Error {
  override readonly name = 'BarEncodingError';
}

function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = HEADER_BYTES; index < bytes.length; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Packs the bars of one year. @throws BarEncodingError for a date of another year, a repeat or a date out of order. */
export function encodeYear(bars: BarColumns, year: number): Uint8Array {
  const count = bars.dates.length;
  const bytes = new Uint8Array(HEADER_BYTES + count * ROW_BYTES);
  const view = viewOf(bytes);
  bytes.set([0x42, 0x44, VERSION, 0]);
  view.setUint16(4, year, true);
  view.setUint16(6, count, true);
  const firstDay = dayNumber(year, 1, 1);
  const days = dayNumber(year + 1, 1, 1) - firstDay;
  let before = -1;
  for (const [index, date] of bars.dates.entries()) {
    const day = dayNumberOf(date) - firstDay;
    if (day <= before || day >= days) {
      throw new BarEncodingError(
        `${bars.ticker}: ${date} does not follow in ${year}: expected ascending dates of that year`,
      );
    }
    view.setUint16(HEADER_BYTES + index * 2, day, true);
    before = day;
  }
  let at = HEADER_BYTES + count * 2;
  for (const name of COLUMNS) {
    const column = bars[name];
    if (column.length !== count)
      throw new BarEncodingError(`${bars.ticker}: ${column.length} values of ${name} for ${count} dates`);
    for (const value of column) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  view.setUint32(8, fingerprint(bytes), true);
  return bytes;
}

/** Unpacks the bars of one year. @throws BarEncodingError when the bytes are cut off, changed or of another format. */
export function decodeYear(ticker: Ticker, bytes: Uint8Array): { readonly year: number; readonly bars: BarColumns } {
  const broken = (why: string): BarEncodingError => new BarEncodingError(`${ticker}: no packed bars: ${why}`);
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0x42 || bytes[1] !== 0x44) throw broken('no header');
  if (bytes[2] !== VERSION) throw broken(`format ${bytes[2]}, expected ${VERSION}`);
  const view = viewOf(bytes);
  const year = view.getUint16(4, true);
  const count = view.getUint16(6, true);
  if (bytes.length !== HEADER_BYTES + count * ROW_BYTES) throw broken(`${bytes.length} bytes for ${count} sessions`);
  if (view.getUint32(8, true) !== fingerprint(bytes)) throw broken('the fingerprint does not fit the content');
  const firstDay = dayNumber(year, 1, 1);
  const dates: CalendarDate[] = [];
  for (let index = 0; index < count; index += 1) {
    dates.push(dateOfDayNumber(firstDay + view.getUint16(HEADER_BYTES + index * 2, true)));
  }
  const column = (rank: number): Float64Array => {
    const start = HEADER_BYTES + count * (2 + rank * 8);
    return Float64Array.from({ length: count }, (_, index) => view.getFloat64(start + index * 8, true));
  };
  return {
    year,
    bars: { ticker, dates, open: column(0), high: column(1), low: column(2), close: column(3), volume: column(4) },
  };
}

/** Bars cut into calendar years, oldest first. */
export function splitByYear(bars: BarColumns): readonly { readonly year: number; readonly bars: BarColumns }[] {
  const years: { readonly year: number; readonly bars: BarColumns }[] = [];
  let start = 0;
  while (start < bars.dates.length) {
    const year = (bars.dates[start] ?? '').slice(0, 4);
    let end = start + 1;
    while (end < bars.dates.length && (bars.dates[end] ?? '').startsWith(year)) end += 1;
    years.push({ year: Number(year), bars: sliceBars(bars, start, end) });
    start = end;
  }
  return years;
}

export interface MergedBars {
  readonly bars: BarColumns;
  /** Sessions that were not there before. */
  readonly added: readonly CalendarDate[];
  /** Sessions whose values changed: a correction, or a history restated for a split. */
  readonly restated: readonly CalendarDate[];
}

interface Source {
  readonly bars: BarColumns;
  readonly index: number;
}

const sameValues = (a: Source, b: Source): boolean =>
  COLUMNS.every((name) => Object.is(a.bars[name][a.index], b.bars[name][b.index]));

/** Joins newer bars to those at hand, by date; where both have a session, the newer wins. Merging twice changes nothing. */
export function mergeBars(known: BarColumns, newer: BarColumns): MergedBars {
  const byDate = new Map<CalendarDate, Source>();
  for (const [index, date] of known.dates.entries()) byDate.set(date, { bars: known, index });
  const added: CalendarDate[] = [];
  const restated: CalendarDate[] = [];
  for (const [index, date] of newer.dates.entries()) {
    const source = { bars: newer, index };
    const before = byDate.get(date);
    if (before === undefined) added.push(date);
    else if (!sameValues(before, source)) restated.push(date);
    byDate.set(date, source);
  }
  if (added.length === 0 && restated.length === 0) return { bars: known, added, restated };
  const dates = [...byDate.keys()].sort();
  const sources = dates.flatMap((date) => byDate.get(date) ?? []);
  const column = (name: (typeof COLUMNS)[number]): Float64Array =>
    Float64Array.from(sources, ({ bars, index }) => bars[name][index] ?? Number.NaN);
  const bars = {
    ticker: known.ticker,
    dates,
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
  return { bars, added, restated };
}
