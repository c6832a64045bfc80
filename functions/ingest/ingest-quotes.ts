/** Quotes each minute of a session: stored, and said on the bus. */
import { makeFact, aggregateOf } from '#events/fact.ts';
import { formatPrice, type Price } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import { type EpochMs, formatEpochMs, formatEpochNs } from '#shared/core/kernel/instant.ts';
import { currentSession } from '#shared/core/market/session-calendar.ts';
import type { Quote } from '#shared/core/market/types.ts';
import { heldOutside } from '#shared/core/portfolio/symbols-watched.ts';
import type { Books } from '#shared/ports/books.ts';
import type { MarketData } from '#shared/ports/broker.ts';
import type { Bus } from '#shared/ports/bus.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface IngestQuotesDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly books: Pick<Books, 'all'>;
  readonly marketData: MarketData;
  readonly marketStore: MarketStore;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
}

/** Facts on the bus are kept under 256 KB; this many quotes are about 60. */
const QUOTES_A_FACT = 400;
const MINUTE_MS = 60_000;

const wire = (price: Price | null): string | null => (price === null ? null : formatPrice(price));

/** @returns how many quotes were stored; 0 outside a session. */
export async function ingestQuotes(dependencies: IngestQuotesDependencies, slot: EpochMs): Promise<number> {
  const { accountId, clock, policies, books, marketData, marketStore, bus, telemetry } = dependencies;
  const session = currentSession(clock.now());
  const policy = session === null ? null : await policies.active(accountId);
  if (session === null || policy === null) return 0;
  const outside = heldOutside(policy.universe, await books.all(accountId));
  const found = new Map([
    ...(await marketData.latestQuotes(policy.universe)),
    ...(await quotesOutside(dependencies, outside)),
  ]);
  const readAt = clock.now();
  const quotes = [...found.values()].sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
  await marketStore.saveQuotes(quotes.map((quote) => ({ quote, readAt })));
  for (let start = 0; start < quotes.length; start += QUOTES_A_FACT) {
    const part = Math.floor(start / QUOTES_A_FACT);
    const fact = makeFact(
      'price.updated.v1',
      {
        room: 'ingest',
        aggregateId: aggregateOf.market(`quotes:${part}`),
        // Prices are not journaled: their sequence is the minute that they are of.
        sequence: Math.floor(slot / MINUTE_MS),
        occurredAt: readAt,
        correlationId: `quotes:${slot}`,
        causationId: null,
      },
      {
        session: session.date,
        slot: formatEpochMs(slot),
        quotes: quotes.slice(start, start + QUOTES_A_FACT).map((quote) => ({
          symbol: quote.ticker,
          bid: wire(quote.bid),
          ask: wire(quote.ask),
          last: null,
          at: formatEpochNs(quote.at),
        })),
      },
    );
    const left = await bus.publish([fact]);
    if (left.length > 0) telemetry.warn('the bus did not take the quotes', { slot: formatEpochMs(slot) });
  }
  telemetry.info('quotes ingested', { session: session.date, quotes: quotes.length });
  return quotes.length;
}

/** By a request of their own: a symbol that the feed does not know any more fails all that is asked with it. */
async function quotesOutside(
  { marketData, telemetry }: IngestQuotesDependencies,
  symbols: readonly Ticker[],
): Promise<ReadonlyMap<Ticker, Quote>> {
  if (symbols.length === 0) return new Map();
  try {
    return await marketData.latestQuotes(symbols);
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    telemetry.error('no quotes of what is held outside of the universe', {
      symbols: symbols.join(' '),
      problem: thrown.message,
    });
    return new Map();
  }
}
