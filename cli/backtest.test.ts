import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backtestCommand } from './backtest.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** The command as a person runs it. */
const asPerson = (...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  run(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'backtest', ...args], { cwd: ROOT });

/** The command in this process. @returns what it printed on standard output */
async function backtest(...args: readonly string[]): Promise<string> {
  const said: string[] = [];
  const hear = (text: string | Uint8Array): boolean => said.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await backtestCommand().exitOverride().parseAsync(args, { from: 'user' });
  } finally {
    vi.restoreAllMocks();
  }
  return said.join('');
}

/** The strategy of the page on strategies, word for word. */
function exampleOfThePage(): string {
  const page = readFileSync(join(ROOT, 'docs/concepts/strategies.md'), 'utf8');
  const found = /```ts\n(\/\/ five-down\.ts\n[\s\S]*?)```/.exec(page)?.[1];
  if (found === undefined) throw new Error('docs/concepts/strategies.md has no example any more');
  return found;
}

describe('belay backtest', () => {
  let [directory, scripts] = ['', ''];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'belay-backtest-'));
    // Inside of the project, whose imports the example uses.
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    scripts = mkdtempSync(join(ROOT, '.cache', 'strategies-'));
  });
  afterAll(() => {
    for (const made of [directory, scripts]) rmSync(made, { recursive: true, force: true });
  });

  it('prints one JSON line last on standard output, and the report stands alone', async () => {
    const page = join(directory, 'out.html');
    const { stdout, stderr } = await asPerson('--days', '120', '--symbols', '12', '--json', '--report', page);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      symbols: 12,
      days: 120,
      bars: expect.any(Number),
      strategies: ['ma-crossover', 'rsi-mean-reversion', 'momentum', 'ml-momentum'],
      orders: expect.any(Number),
      decisionsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      fills: { market: 'quotes', limits: 'quotes', volumeShare: null, impact: null, limitOrders: 0 },
      metrics: { totalReturn: expect.any(Number), maxDrawdown: expect.any(Number) },
      funnel: { total: { raw: expect.any(Number), executed: expect.any(Number) } },
      elapsedMs: expect.any(Number),
      peakRssMb: expect.any(Number),
    });
    expect(stderr).toContain('why no trade');
    const html = readFileSync(page, 'utf8');
    for (const name of ['Equity', 'Drawdown', 'Monthly returns', 'Exposure', 'Trades', 'Funnel']) {
      expect(html).toMatch(new RegExp(`<figcaption>${name}[^<]*</figcaption><svg`));
    }
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|https?:/);
  });

  it('shows its options', () => {
    const help = backtestCommand().helpInformation();
    expect(help).toMatch(/--cash <dollars> +cash to begin with \(default: 100000\)/);
    expect(help).toContain('(default: 7.5)');
  });

  it('fills as it is told, and says how', async () => {
    const page = join(directory, 'filled.html');
    const flags = ['--fills', 'next-open', '--limit-fills', 'through', '--volume-share', '0.025', '--impact', '0.2'];
    const out = await backtest(...flags, '--days', '5', '--symbols', '4', '--json', '--report', page);
    expect(JSON.parse(out)).toMatchObject({
      fills: { market: 'next-open', limits: 'through', volumeShare: 0.025, impact: 0.2, limitOrders: 0 },
    });
    expect(readFileSync(page, 'utf8')).toContain('Fills: market orders at the open; resting limits where the market');
  });

  it('takes the strategy of the page from a file of its own', async () => {
    const file = join(scripts, 'five-down.ts');
    writeFileSync(file, exampleOfThePage());
    const out = await backtest('--strategies', `${file},momentum`, '--days', '250', '--json');
    expect(JSON.parse(out)).toMatchObject({
      strategies: ['five-down', 'momentum'],
      funnel: { strategies: expect.arrayContaining([expect.objectContaining({ strategyId: 'five-down' })]) },
    });
  });

  it('ends with the name of a strategy that looks ahead', async () => {
    const file = join(scripts, 'oracle.ts');
    const example = exampleOfThePage().replace("strategyId('five-down')", "strategyId('oracle')");
    writeFileSync(file, example.replace('symbol.close(ago) <', 'symbol.close(ago - 1) <'));
    await expect(asPerson('--strategies', file, '--days', '5')).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^belay: oracle, session [0-9-]+: [A-Z]+ as of .*; -1 is not in the past\n$/),
    });
  });

  it.each([
    [['--strategies', 'luck'], 'unknown strategy luck, expected one of ma-crossover'],
    [['--strategies', 'momentum,momentum'], 'strategy momentum is named twice'],
    [['--strategies', './no-such-file.ts'], './no-such-file.ts: cannot be loaded'],
    [['--strategies', './cli/settings.ts'], './cli/settings.ts: ✖ Invalid input: expected object, received undefined'],
    [['--data', '/no/such/file.csv'], '/no/such/file.csv: cannot be read: no such file. Expected daily bars'],
    [['--vix', '/no/such/vix.csv'], '/no/such/vix.csv: cannot be read: no such file. Expected an index of volatility'],
    [['--data', 'sp500', '--from', '2030-01-01'], 'trading days from 2030-01-01 asked for, the file spans'],
    [['--from', '2015-02-30'], "option '--from <date>' argument '2015-02-30' is invalid"],
    [['--data', 'sp500', '--from', '2016-01-01', '--to', '2015-01-01'], '--from 2016-01-01 lies after --to 2015-01-01'],
    [['--from', '2016-01-01'], 'a made-up market has no dates to choose from'],
    [['--symbols', '0'], 'expected a whole number from 1 to 5000'],
    [['--cash', '0'], 'expected more than 0 dollars'],
    [['--cash', 'much'], '"much" is not a decimal'],
    [['--slippage-bps', '101'], 'expected basis points from 0 to 100'],
    [
      ['--fills', 'close'],
      "option '--fills <model>' argument 'close' is invalid. Allowed choices are quotes, next-open",
    ],
    [['--limit-fills', 'always'], 'Allowed choices are quotes, touch, through'],
    [['--volume-share', '0'], 'expected a share from 0.001 to 1 with up to three decimals'],
    [['--volume-share', '0.0255'], 'expected a share from 0.001 to 1 with up to three decimals'],
    [['--volume-share', '2.5%'], 'expected a share from 0.001 to 1 with up to three decimals'],
    [['--volume-share', '0.1', '--impact', '1.1'], 'expected a share from 0 to 1 with up to six decimals'],
    [['--impact', '0.2'], '--impact: expected --volume-share beside it'],
    [['--report', '/no/such/folder/out.html'], '--report /no/such/folder/out.html: its folder is not there'],
    [['--fast'], "unknown option '--fast'"],
  ])('refuses %j and says what would be right', async (args, message) => {
    await expect(backtest(...args)).rejects.toThrow(message);
  });
});
