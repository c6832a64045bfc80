import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { volatilityAsOf } from '#shared/core/market/volatility.ts';
import { readVolatilityCsv } from './read-volatility-csv.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-vix-'));
afterAll(() => rmSync(folder, { recursive: true }));
const realIndex = fileURLToPath(new URL('../../../../shared/data/vix-daily.csv', import.meta.url));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('readVolatilityCsv', () => {
  it('reads dates and closes, and names the rows that it kept out', async () => {
    const path = file(
      'vix.csv',
      'DATE,OPEN,CLOSE\n2024-07-01,1,12.5\n2024-07-02,1,\n2024-13-01,1,9\n2024-07-01,1,13\n2024-07-03,1,0\n2024-07-05,1,12.6\n',
    );
    const { series, faults } = await readVolatilityCsv(path);
    expect(series).toEqual({ source: 'vix', dates: ['2024-07-01', '2024-07-05'], values: Float64Array.of(12.5, 12.6) });
    expect(faults.map(({ line }) => line)).toEqual([3, 4, 5, 6]);
  });

  it('refuses what it cannot read with one clear error', async () => {
    await expect(readVolatilityCsv(join(folder, 'absent.csv'))).rejects.toThrow(
      /absent\.csv: cannot be read: no such file/,
    );
    await expect(readVolatilityCsv(file('columns.csv', 'day,close\n'))).rejects.toThrow(/date missing in "day,close"/);
    await expect(readVolatilityCsv(file('none.csv', 'date,close\nx,y\n'))).rejects.toThrow(/no usable row/);
  });

  it.skipIf(!existsSync(realIndex))('reads the VIX since 1990 (skipped without the data)', async () => {
    const { series, faults } = await readVolatilityCsv(realIndex);
    expect(faults).toEqual([]);
    expect(series.dates[0]).toBe('1990-01-02');
    expect(volatilityAsOf(series, calendarDate('2008-11-20'))?.value).toBe(80.86);
    expect(volatilityAsOf(series, calendarDate('2018-02-05'))?.value).toBe(37.32);
  });
});
