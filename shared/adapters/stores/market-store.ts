/** Bars, quotes, universes and signals over the tables. */
import * as z from 'zod';
import { ItemReader, priceOrNull, quantity, text, whole } from '#shared/adapters/stores/attributes.ts';
import { barsKey, quoteKey, signalKey, signalsPartition, universeKey } from '#shared/adapters/stores/keys.ts';
import { identity } from '#shared/adapters/stores/policy-fields.ts';
import { signalDocument } from '#shared/adapters/stores/signal-document.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type CalendarDate, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import { decodeYear, encodeYear, mergeBars, splitByYear } from '#shared/core/market/bar-encoding.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { MarketStore, StoredQuote, StoredUniverse } from '#shared/ports/market-store.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** Reads of one transaction; more symbols take more of them. */
const KEYS_TOGETHER_MAX = 50;
const QUOTE_LIFE_MS = 7 * 86_400_000;
const SIGNAL_LIFE_MS = 400 * 86_400_000;

const expiry = (from: EpochMs, lifeMs: number) => whole(Math.floor(addMs(from, lifeMs) / 1000));

/** The item that says that a session's signals were made, however few they were. */
const EVALUATED = 'EVALUATED';

function readSignal(item: Item): Signal {
  const stored = new ItemReader(item, 'signal').text('signal');
  try {
    return signalDocument.parse(JSON.parse(stored));
  } catch (cause) {
    throw new Fault('permanent', 'item-corrupt', 'a stored signal is not readable', { cause });
  }
}

const universeDocument = z.strictObject({
  source: z.enum(['list', 'static', 'csv', 'dynamic']),
  policyVersion: z.int().min(1),
  symbols: z.array(identity(ticker)),
  ranking: z.array(z.strictObject({ ticker: identity(ticker), dollars: z.number() })),
});

function readUniverse(session: CalendarDate, item: Item): StoredUniverse {
  const stored = new ItemReader(item, `universe of ${session}`).text('universe');
  try {
    return universeDocument.parse(JSON.parse(stored));
  } catch (cause) {
    throw new Fault('permanent', 'item-corrupt', `the universe of ${session} is not readable`, { cause });
  }
}

function readQuote(symbol: Ticker, item: Item): StoredQuote {
  const reader = new ItemReader(item, `quote of ${symbol}`);
  return {
    quote: {
      ticker: symbol,
      bid: reader.orNull('bid', (name) => reader.price(name)),
      bidSize: reader.quantity('bidSize'),
      ask: reader.orNull('ask', (name) => reader.price(name)),
      askSize: reader.quantity('askSize'),
      at: reader.instantNs('at'),
    },
    readAt: reader.instant('readAt'),
  };
}

const itemAt = (key: ItemKey, attributes: Item): Item => ({ pk: text(key.pk), sk: text(key.sk), ...attributes });

class MarketStoreOverTables implements MarketStore {
  readonly #tables: Tables;
  readonly #clock: Clock;

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  async saveBars(columns: readonly BarColumns[]): Promise<void> {
    for (const bars of columns) {
      for (const { year, bars: ofYear } of splitByYear(bars)) {
        await this.#save(barsKey(bars.ticker, year), { bars: { B: encodeYear(ofYear, year) } });
      }
    }
  }

  async loadBars(
    symbols: readonly Ticker[],
    fromYear: number,
    toYear: number,
  ): Promise<ReadonlyMap<Ticker, BarColumns>> {
    const years = Array.from({ length: toYear - fromYear + 1 }, (_, offset) => fromYear + offset);
    const wanted = symbols.flatMap((symbol) => years.map((year) => ({ symbol, year })));
    const items = await this.#readMany(wanted.map(({ symbol, year }) => barsKey(symbol, year)));
    const joined = new Map<Ticker, BarColumns>();
    for (const [index, { symbol }] of wanted.entries()) {
      const item = items[index] ?? null;
      if (item === null) continue;
      const { bars } = decodeYear(symbol, new ItemReader(item, `bars of ${symbol}`).bytes('bars'));
      const before = joined.get(symbol);
      joined.set(symbol, before === undefined ? bars : mergeBars(before, bars).bars);
    }
    return joined;
  }

  async saveQuotes(quotes: readonly StoredQuote[]): Promise<void> {
    await this.#tables.putEach(
      'market',
      quotes.map(({ quote, readAt }) =>
        itemAt(quoteKey(quote.ticker), {
          bid: priceOrNull(quote.bid),
          bidSize: quantity(quote.bidSize),
          ask: priceOrNull(quote.ask),
          askSize: quantity(quote.askSize),
          at: { N: quote.at.toString() },
          readAt: whole(readAt),
          expiresAt: expiry(readAt, QUOTE_LIFE_MS),
        }),
      ),
    );
  }

  async loadQuotes(symbols: readonly Ticker[]): Promise<ReadonlyMap<Ticker, StoredQuote>> {
    const items = await this.#readMany(symbols.map(quoteKey));
    return new Map(
      symbols.flatMap((symbol, index) => {
        const item = items[index] ?? null;
        return item === null ? [] : [[symbol, readQuote(symbol, item)] as const];
      }),
    );
  }

  async saveUniverse(session: CalendarDate, universe: StoredUniverse): Promise<void> {
    await this.#save(universeKey(session), {
      universe: text(JSON.stringify(universe)),
      expiresAt: expiry(this.#clock.now(), SIGNAL_LIFE_MS),
    });
  }

  async loadUniverse(session: CalendarDate): Promise<StoredUniverse | null> {
    const item = await this.#tables.get('market', universeKey(session));
    return item === null ? null : readUniverse(session, item);
  }

  async saveSignals(session: CalendarDate, signals: readonly Signal[]): Promise<void> {
    const expiresAt = expiry(this.#clock.now(), SIGNAL_LIFE_MS);
    for (const signal of signals) {
      const key = signalKey(session, signal.strategyId, signal.ticker);
      await this.#save(key, { signal: text(JSON.stringify(signal)), expiresAt });
    }
    // Written last: a session counts as evaluated only when all its signals are there.
    await this.#save({ pk: signalsPartition(session), sk: EVALUATED }, { count: whole(signals.length), expiresAt });
  }

  async loadSignals(session: CalendarDate): Promise<readonly Signal[] | null> {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const request = { table: 'market', partition: signalsPartition(session) } as const;
      const page = await this.#tables.query(cursor === null ? request : { ...request, cursor });
      items.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== null);
    const isMark = (item: Item): boolean => new ItemReader(item, 'signal').text('sk') === EVALUATED;
    return items.some(isMark) ? items.filter((item) => !isMark(item)).map(readSignal) : null;
  }

  async #readMany(keys: readonly ItemKey[]): Promise<readonly (Item | null)[]> {
    const found: (Item | null)[] = [];
    for (let start = 0; start < keys.length; start += KEYS_TOGETHER_MAX) {
      const some = keys.slice(start, start + KEYS_TOGETHER_MAX).map((key) => ({ table: 'market', key }) as const);
      found.push(...(await this.#tables.getTogether(some)));
    }
    return found;
  }

  async #save(key: ItemKey, attributes: Item): Promise<void> {
    await this.#tables.write({ kind: 'put', table: 'market', item: itemAt(key, attributes), conditions: [] });
  }
}

export const marketStore = (tables: Tables, clock: Clock): MarketStore => new MarketStoreOverTables(tables, clock);
