/**
 * One decision core: the same days of the same market through the whole house, with its queues, tables, streams and its
 * broker on the wire, and through a backtest, which has none of them, give the same commands in the same order.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parsePrice } from '#shared/core/kernel/decimal.ts';
import { makeStrategy, STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { runBacktest } from '#infra/local/backtest/run-backtest.ts';
import { openMarket } from '#infra/local/market/open-market.ts';
import { OPENING_EQUITY } from '#infra/local/run/local-market.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REAL = fileURLToPath(new URL('../../../shared/data/sp500-daily-2013-2018.csv.gz', import.meta.url));
const RUN = { days: 60, symbols: 36, seed: 1 } as const;

/** A record keeps the order in which the fields were written. */
const command = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()) });
type Command = z.output<typeof command>;
/** A command without its meta. */
const written = ({ type, data }: Pick<Command, 'type'> & { readonly data: object }): string =>
  JSON.stringify({ type, data });

const summary = z.object({
  functionErrors: z.number(),
  messagesReturned: z.number(),
  deadLetters: z.number(),
  positionMismatches: z.number(),
});

describe.skipIf(!existsSync(REAL))('the local house and a backtest (skipped without ../shared/data)', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'belay-parity-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** As `npm start` runs it, until its days are over. */
  async function throughTheHouse(): Promise<readonly Command[]> {
    const file = join(directory, 'commands.jsonl');
    const flags = ['--days', RUN.days, '--symbols', RUN.symbols, '--seed', RUN.seed, '--data', REAL].map(String);
    const asked = ['--strategies', STRATEGY_NAMES.join(','), '--port', '0', '--exit', '--json', '--commands', file];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', 'infra/local/main.ts', ...flags, ...asked],
      { cwd: ROOT },
    );
    const sound = { functionErrors: 0, messagesReturned: 0, deadLetters: 0, positionMismatches: 0 };
    expect(summary.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''))).toEqual(sound);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    return lines.map((line) => command.parse(JSON.parse(line)));
  }

  it('give the same commands, byte for byte and in the same order', { timeout: 900_000 }, async () => {
    const house = await throughTheHouse();
    const backtest = runBacktest({
      market: await openMarket(REAL, RUN),
      strategies: STRATEGY_NAMES.map((name) => makeStrategy(name)),
      cash: OPENING_EQUITY,
      seed: RUN.seed,
      costs: { slippagePerMillion: 0, commissionPerShare: parsePrice('0') },
      vix: null,
      account: String(house[0]?.data['accountId']),
    });
    expect(backtest.commands.length).toBeGreaterThan(50);
    expect(backtest.commands.map(written)).toEqual(house.map(written));
    const kinds = new Set(backtest.commands.map(({ type, data }) => ('purpose' in data ? data.purpose : type)));
    expect([...kinds]).toEqual(expect.arrayContaining(['entry', 'exit', 'protective-stop', 'drive-exit.v1']));
  });
});
