/** Whole backtests as a person starts them: from the file on disk to the metrics, each in a process of its own. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import { makeSyntheticMarket } from '#infra/local/market/synthetic-market.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REAL = fileURLToPath(new URL('../../../shared/data/sp500-daily-2013-2018.csv.gz', import.meta.url));

const summary = z.object({
  symbols: z.number(),
  days: z.number(),
  bars: z.number(),
  orders: z.number(),
  signals: z.number(),
  decisionsSha256: z.string(),
  elapsedMs: z.number(),
  cpuMs: z.number(),
  peakRssMb: z.number(),
});
export type BacktestFigures = z.output<typeof summary>;

/** Five years of 505 symbols, for a machine without the real file. */
function writeMarket(path: string): void {
  const { bars } = makeSyntheticMarket({ seed: 1, symbols: 505, days: 958, split: 'before-trading' });
  const lines = bars.flatMap(({ ticker, dates, open, high, low, close, volume }) =>
    dates.map((date, index) =>
      [date, ticker, open[index], high[index], low[index], close[index], volume[index]].join(','),
    ),
  );
  writeFileSync(path, gzipSync(`date,symbol,open,high,low,close,volume\n${lines.join('\n')}\n`));
}

async function measure(data: string, symbols: number): Promise<BacktestFigures> {
  const command = ['--max-semi-space-size=64', '--import', 'tsx', 'cli/main.ts', 'backtest', '--json'];
  const asked = [...command, '--data', data, '--symbols', String(symbols)];
  const { stdout } = await run(process.execPath, asked, { cwd: ROOT });
  return summary.parse(JSON.parse(stdout));
}

/** All four strategies over all days, with each number of symbols. @throws Error when the same run decides otherwise. */
export async function measureBacktests(
  counts: readonly number[],
): Promise<{ readonly data: string; readonly runs: readonly BacktestFigures[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'belay-bench-'));
  try {
    const data = existsSync(REAL) ? REAL : join(directory, 'market.csv.gz');
    if (data !== REAL) writeMarket(data);
    const runs: BacktestFigures[] = [];
    for (const symbols of counts) {
      const [first, second] = [await measure(data, symbols), await measure(data, symbols)];
      if (first.decisionsSha256 !== second.decisionsSha256) throw new Error(`two runs of ${symbols} decided otherwise`);
      // The quicker of the two: what else the machine did is not what a backtest costs.
      runs.push(first.elapsedMs < second.elapsedMs ? first : second);
    }
    return { data: data === REAL ? 'the real file' : 'a made-up market', runs };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
