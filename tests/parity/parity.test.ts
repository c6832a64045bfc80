/**
 * One decision core: the same days of the same market through the whole house, with its queues, tables, streams and its
 * broker on the wire, and through a backtest, which has none of them, give the same commands in the same order.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parsePrice } from '#shared/core/kernel/decimal.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { makeStrategy, STRATEGY_NAMES } from '#shared/core/signal/strategies/catalogue.ts';
import { runBacktest } from '#infra/local/backtest/run-backtest.ts';
import { openMarket } from '#infra/local/market/open-market.ts';
import { OPENING_EQUITY } from '#infra/local/run/local-market.ts';
import { sharedVariable } from '#infra/local/run/function-environments.ts';
import { report, runDays } from '#infra/local/run/trading-days.ts';
import { startTradingHouse } from '#infra/local/run/trading-house.ts';

const REAL = fileURLToPath(new URL('../../../shared/data/sp500-daily-2013-2018.csv.gz', import.meta.url));
const RUN = { days: 60, symbols: 36, seed: 1 } as const;

const command = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()) });
/** A command that was handled, without its meta. */
const withoutMeta = (body: string): string => {
  const { type, data } = command.parse(JSON.parse(body));
  return JSON.stringify({ type, data });
};

async function throughTheHouse() {
  const house = await startTradingHouse({
    ...RUN,
    data: REAL,
    strategies: STRATEGY_NAMES.map((name) => strategyId(name)),
    port: 0,
    speed: 'max',
    exit: true,
    json: true,
    state: null,
    facts: null,
    everyMinute: false,
    verbose: false,
  });
  try {
    await runDays(house);
    const { summary, differences } = await report(house, { startMs: 0, elapsedMs: 0 });
    const account = sharedVariable(house.house.plan.functions, 'BELAY_ACCOUNT');
    return { commands: house.deliveries.handled.map(withoutMeta), summary, differences, account };
  } finally {
    await house.stop();
  }
}

async function throughTheBacktest(account: string) {
  const market = await openMarket(REAL, RUN);
  return runBacktest({
    market,
    strategies: STRATEGY_NAMES.map((name) => makeStrategy(name)),
    cash: OPENING_EQUITY,
    seed: RUN.seed,
    costs: { slippagePerMillion: 0, commissionPerShare: parsePrice('0') },
    vix: null,
    account,
  });
}

describe.skipIf(!existsSync(REAL))('the local house and a backtest (skipped without ../shared/data)', () => {
  it('give the same commands, byte for byte and in the same order', { timeout: 600_000 }, async () => {
    const house = await throughTheHouse();
    const backtest = await throughTheBacktest(house.account);
    expect([house.summary.functionErrors, house.summary.messagesReturned, house.differences]).toEqual([0, 0, []]);
    const commands = backtest.commands.map(({ type, data }) => JSON.stringify({ type, data }));
    expect(commands.length).toBeGreaterThan(50);
    expect(commands).toEqual(house.commands);
    const kinds = new Set(backtest.commands.map(({ type, data }) => ('purpose' in data ? data.purpose : type)));
    expect([...kinds]).toEqual(expect.arrayContaining(['entry', 'exit', 'protective-stop', 'drive-exit.v1']));
  });
});
