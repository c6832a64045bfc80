/** `npm run broker`: the simulator alone on loopback, for any client of Alpaca's. */
import { Command, InvalidArgumentError } from 'commander';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { hexOf } from '#shared/core/venue/fingerprint.ts';
import { openMarket } from '#infra/local/market/open-market.ts';
import { startBroker } from './broker.ts';
import { PAPER_LATENCY } from './embedding.ts';
import { localMarketFeed } from './local-market-feed.ts';
import { simulatedClock } from './simulated-clock.ts';
import { keptUntil } from './state-store.ts';

function numberBetween(min: number, max: number, whole: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`expected a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
    }
    return value;
  };
}

function cashText(text: string): string {
  if (!/^\d{1,12}(?:\.\d{1,2})?$/.test(text)) throw new InvalidArgumentError('expected dollars such as 100000.');
  return text;
}

const command = new Command()
  .name('broker')
  .description('A broker on the desk: behaves like Alpaca on the wire, with faults that can be switched on.')
  .option('--port <number>', 'TCP port on 127.0.0.1, 0 for any', numberBetween(0, 65_535, true), 4010)
  .option('--data <source>', 'synthetic, sp500, or the path of a CSV or CSV.gz file', 'synthetic')
  .option('--days <number>', 'trading days: the last so many sessions of the data', numberBetween(1, 5_000, true), 250)
  .option('--symbols <number>', 'symbols to trade on', numberBetween(1, 600, true), 36)
  .option('--speed <number>', 'simulated seconds in one of the wall', numberBetween(0.001, 100_000, false), 1)
  .option(
    '--seed <number>',
    'of ids, prices within a day, partial fills and faults',
    numberBetween(0, 2 ** 31, true),
    1,
  )
  .option('--cash <dollars>', 'opening cash', cashText, '100000')
  .option('--state <directory>', 'keeps the account there, and goes on with what is kept');

interface Flags {
  readonly port: number;
  readonly data: string;
  readonly days: number;
  readonly symbols: number;
  readonly speed: number;
  readonly seed: number;
  readonly cash: string;
  readonly state?: string;
}

async function run(flags: Flags): Promise<void> {
  const { seed } = flags;
  const local = await openMarket(flags.data, flags);
  const market = localMarketFeed(local, seed);
  const key = `PK${hexOf(seed, 'key:', '', 0).slice(0, 18).toUpperCase()}`;
  const secret = hexOf(seed, 'secret:', '', 0) + hexOf(seed, 'secret:', '', 1).slice(0, 8);
  const openAt = local.tradingDays[0]?.openAt ?? epochMs(0);
  const kept = flags.state === undefined ? null : keptUntil(flags.state, key);
  const broker = await startBroker({
    port: flags.port,
    seed,
    clock: simulatedClock(kept ?? openAt, flags.speed, () => performance.now()),
    drive: 'self',
    market,
    accounts: [{ key, secret, cash: flags.cash }],
    latency: PAPER_LATENCY,
    ...(flags.state === undefined ? {} : { persist: flags.state }),
  });
  const stop = (): void => {
    broker.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  console.log(`Broker simulator on ${local.description}, ${local.bars.length} symbols`);
  console.log(`  address        ${broker.url}   (trading, market data, and a page with the fault switches)`);
  console.log(`  order stream   ${broker.orderStreamUrl}`);
  console.log(`  data stream    ${broker.dataStreamUrl}`);
  console.log(`  key            ${key}`);
  console.log(`  secret         ${secret}`);
  console.log(`  its time       ${new Date(kept ?? openAt).toISOString()}, at ${flags.speed} times the wall clock`);
}

try {
  await run(command.parse().opts<Flags>());
} catch (error) {
  const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const reason = error instanceof Error ? error.message : String(error);
  console.error(inUse ? `The port is in use: choose another with --port, or 0 for any. (${reason})` : reason);
  process.exitCode = 1;
}
