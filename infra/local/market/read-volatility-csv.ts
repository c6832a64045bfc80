/** The VIX, or another index of volatility, from a CSV or CSV.gz file with the columns date and close. */
import { type CalendarDate, calendarDate, InstantError } from '#shared/core/kernel/instant.ts';
import type { VolatilitySeries } from '#shared/core/market/volatility.ts';
import type { CsvRow } from './csv-rows.ts';
import { headerNames, MarketFileError, readCsvFile, requireColumns } from './read-csv-file.ts';

export interface VolatilityFile {
  readonly series: VolatilitySeries;
  /** Rows that were kept out, by their line. */
  readonly faults: readonly { readonly line: number; readonly text: string }[];
}

const EXPECTED = 'an index of volatility as CSV or CSV.gz with date,close';

function dateOf(row: CsvRow, field: number): CalendarDate | null {
  try {
    return calendarDate(row.text(field));
  } catch (cause) {
    if (cause instanceof InstantError) return null;
    throw cause;
  }
}

/**
 * Reads the closes of an index that is quoted in annualised percent. Rows without a date or a positive close, repeats and
 * rows out of order are kept out.
 * @throws MarketFileError when the file is missing, is no CSV, lacks a column or holds no usable row.
 */
export async function readVolatilityCsv(path: string): Promise<VolatilityFile> {
  const dates: CalendarDate[] = [];
  const values: number[] = [];
  const faults: { readonly line: number; readonly text: string }[] = [];
  let [dateField, closeField] = [-1, -1];
  await readCsvFile(path, EXPECTED, (row, line) => {
    if (dateField < 0) {
      requireColumns(path, EXPECTED, row, ['date', 'close']);
      const names = headerNames(row);
      [dateField, closeField] = [names.indexOf('date'), names.indexOf('close')];
      return;
    }
    const date = dateOf(row, dateField);
    const value = row.number(closeField);
    if (date === null || !(value > 0 && value < 1000) || date <= (dates.at(-1) ?? '')) {
      faults.push({ line, text: row.line().slice(0, 160) });
      return;
    }
    dates.push(date);
    values.push(value);
  });
  if (dates.length === 0) throw new MarketFileError(`${path}: holds no usable row. Expected ${EXPECTED}`);
  return { series: { source: 'vix', dates, values: Float64Array.from(values) }, faults };
}
