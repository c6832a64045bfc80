/** What is held and has left the universe is priced, and sold; nothing else of it is bought. */
import { beforeEach, describe, expect, it } from 'vitest';
import { generateSignals } from '#functions/signal/generate-signals.ts';
import { MemoryBus } from '#shared/adapters/memory/bus.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { bookItem } from '#shared/adapters/stores/book-item.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { accountId, strategyId, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import { emptyBook, shareOf, withShare } from '#shared/core/portfolio/book.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { makeStrategy } from '#shared/core/signal/strategies/catalogue.ts';
import type { MarketData } from '#shared/ports/broker.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { ingestBars } from './ingest-bars.ts';
import { ingestQuotes } from './ingest-quotes.ts';

const [EVENING, SESSION] = [parseEpochMs('2026-03-09T20:30:00Z'), parseEpochMs('2026-03-09T15:00:00Z')];
const ACCOUNT = accountId('held-1');
const MOMENTUM = strategyId('momentum');
const EQUITY = parseMoney('100000');
const [IN_IT, HELD] = [ticker('KO'), ticker('PEP')];

/** A feed that knows every symbol but those that it has dropped: one of them fails all that is asked with it. */
function feed(clock: ManualClock, dropped: readonly Ticker[] = []): MarketData {
  const known = (symbols: readonly Ticker[]): void => {
    const unknown = symbols.find((symbol) => dropped.includes(symbol));
    if (unknown !== undefined) throw new Fault('permanent', 'broker-refused', `invalid symbol: ${unknown}`);
  };
  return {
    dailyBars: (symbols, from, to) => {
      known(symbols);
      const dates = sessionsBetween(from, to).map(({ date }) => date);
      const bar = { open: 100, high: 101, low: 99, close: 100, volume: 1e6 };
      return Promise.resolve(symbols.flatMap((one) => dates.map((date) => ({ ticker: one, date, ...bar }))));
    },
    latestQuotes: (symbols) => {
      known(symbols);
      const size = parseQuantity('1');
      const sides = { bid: parsePrice('99.99'), bidSize: size, ask: parsePrice('100.01'), askSize: size };
      return Promise.resolve(new Map(symbols.map((one) => [one, { ticker: one, ...sides, at: nsOf(clock.now()) }])));
    },
    latestTrades: () => Promise.resolve(new Map()),
  };
}

describe('a symbol that is held outside of the universe', () => {
  let clock: ManualClock;
  let tables: MemoryTables;
  beforeEach(async () => {
    clock = new ManualClock(SESSION);
    tables = new MemoryTables({ clock });
    await initialiseAccount(tables, 'control', {
      accountId: ACCOUNT,
      live: false,
      document: writePolicy(firstPolicy([IN_IT], [MOMENTUM], EQUITY)),
      equity: EQUITY,
      opening: { at: SESSION, positions: [] },
      by: 'tests',
      now: SESSION,
    });
    const book = { ...emptyBook(ACCOUNT, HELD), version: 1 };
    const share = {
      ...shareOf(book, MOMENTUM),
      quantity: parseQuantity('10'),
      cost: parseMoney('1000'),
      openedOn: calendarDate('2026-02-02'),
    };
    await tables.write({ kind: 'put', table: 'books', item: bookItem(withShare(book, share)), conditions: [] });
  });

  const rooms = (dropped: readonly Ticker[] = []) => ({
    accountId: ACCOUNT,
    clock,
    policies: policiesStore(tables, 'ingest'),
    books: booksStore(tables, 'ingest'),
    marketStore: marketStore(tables, clock),
    marketData: feed(clock, dropped),
    bus: new MemoryBus(),
    telemetry: recordedTelemetry(),
  });
  const store = () => marketStore(tables, clock);

  it('gets quotes, bars and its exit, and no entry', async () => {
    expect(await ingestQuotes(rooms(), SESSION)).toBe(2);
    expect([...(await store().loadQuotes([HELD])).keys()]).toEqual([HELD]);
    clock.moveTo(EVENING);
    expect(await ingestBars(rooms())).toMatchObject({ session: '2026-03-09', symbols: 2, missing: [] });
    const { signals } = await generateSignals({
      ...rooms(),
      models: modelsStore(tables, 'signal', clock),
      journal: journalStore(tables),
      strategyOf: ({ strategyId: name, parameters }) => makeStrategy(name, parameters),
    });
    expect(signals.map(({ ticker: symbol, kind }) => [symbol, kind])).toEqual([[HELD, 'exit']]);
  });

  it('takes nothing from the universe where the feed does not know it any more', async () => {
    const quotes = rooms([HELD]);
    expect(await ingestQuotes(quotes, SESSION)).toBe(1);
    expect(quotes.telemetry.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    clock.moveTo(EVENING);
    expect(await ingestBars(rooms([HELD]))).toMatchObject({ symbols: 2, missing: [HELD] });
    expect([...(await store().loadBars([IN_IT, HELD], 2026, 2026)).keys()]).toEqual([IN_IT]);
    await expect(ingestBars(rooms([IN_IT]))).rejects.toBeInstanceOf(Fault);
  });
});
