import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvRows, EndlessLineError } from './csv-rows.ts';

/** Fields of every row, cut into chunks of a size. */
function rowsOf(text: string, chunkBytes = 1 << 16): { line: number; fields: string[]; numbers: number[] }[] {
  const found: { line: number; fields: string[]; numbers: number[] }[] = [];
  const rows = new CsvRows((row, line) => {
    const at = Array.from({ length: row.count }, (_, field) => field);
    found.push({ line, fields: at.map((field) => row.text(field)), numbers: at.map((field) => row.number(field)) });
  });
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += chunkBytes) rows.push(bytes.subarray(start, start + chunkBytes));
  rows.end();
  return found;
}

describe('CsvRows', () => {
  it('gives the same rows however the bytes are cut', () => {
    const text =
      'date,symbol,close\r\n2024-07-01,AAA,10.5\n\n2024-07-02,"B,B",11\n"2024-07-03","C""C",\n2024-07-05,DDD,12';
    const whole = rowsOf(text);
    expect(whole.map(({ line, fields }) => [line, ...fields])).toEqual([
      [1, 'date', 'symbol', 'close'],
      [2, '2024-07-01', 'AAA', '10.5'],
      [4, '2024-07-02', 'B,B', '11'],
      [5, '2024-07-03', 'C""C', ''],
      [6, '2024-07-05', 'DDD', '12'],
    ]);
    for (const chunkBytes of [1, 2, 3, 7, 40]) expect(rowsOf(text, chunkBytes)).toEqual(whole);
  });

  it('reads every decimal as the nearest double', () => {
    const decimals = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.nat(12)).map(([digits, scale]) => {
      const text = digits.toString().padStart(scale + 1, '0');
      return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
    });
    fc.assert(
      fc.property(fc.array(decimals, { minLength: 1, maxLength: 20 }), (texts) => {
        expect(rowsOf(texts.join(','))[0]?.numbers).toEqual(texts.map(Number));
      }),
      { seed: 99, numRuns: 500 },
    );
  });

  it('reads unusual numbers as the language does, and nothing as no number', () => {
    expect(rowsOf('-1.5,1e3, 7 ,.5,5.,"8.25",1.2.3,x,,-,.')[0]?.numbers).toEqual([
      -1.5,
      1000,
      7,
      0.5,
      5,
      8.25,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('reads dates of one form only', () => {
    const dates: number[] = [];
    const rows = new CsvRows((row) => {
      for (let field = 0; field < row.count; field += 1) dates.push(row.dateNumber(field));
      dates.push(row.dateNumber(99));
    });
    rows.push(Buffer.from('2024-07-01,2024/07/01,2024-7-01,2024-07-011,20x4-07-01\n'));
    expect(dates).toEqual([20_240_701, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  });

  it('refuses a line without an end', () => {
    const rows = new CsvRows(() => undefined);
    rows.push(Buffer.from('a,b\n'));
    expect(() => rows.push(Buffer.alloc(70_000, 'z'))).toThrow(EndlessLineError);
    expect(() => rows.push(Buffer.alloc(1, 'z'))).toThrow(/line 2 has more than 65536 bytes/);
  });
});
