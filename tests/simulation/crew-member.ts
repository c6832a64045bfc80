/** One member of the crew: leads the worlds that it is given, and says what came of them. */
import { type Findings, leadWorlds } from './campaign.ts';
import { crewOrder } from './crew-orders.ts';
import { madeMarkets, type MarketSource, symbols } from './market.ts';
import { plantNamed } from './plants.ts';
import { realMarkets } from './real-bars.ts';

/** A file is read once, whatever is led on it. */
const files = new Map<string, Promise<MarketSource>>();

async function marketsOf(bars: string | null): Promise<MarketSource> {
  if (bars === null) return madeMarkets;
  const read = files.get(bars) ?? realMarkets(bars, symbols);
  files.set(bars, read);
  return await read;
}

async function lead(message: unknown): Promise<Findings> {
  const { seeds, plant, bars } = crewOrder.parse(message);
  const markets = await marketsOf(bars);
  const planted = plant === null ? {} : { alterations: plantNamed(plant).alterations, untilCaught: true };
  return await leadWorlds(seeds, { markets, ...planted });
}

process.on('message', (message) => {
  lead(message).then(
    (findings) => process.send?.(findings),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
});
