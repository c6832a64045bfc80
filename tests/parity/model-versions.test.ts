/**
 * One model a quarter, whoever trains it and whenever: the signal room that ran through, one that starts in the middle of
 * the quarter on fresh tables, one with a symbol gone or without data that day, and a backtest come to the same version.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { generateSignals } from '#functions/signal/generate-signals.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { accountId, strategyId } from '#shared/core/kernel/identity.ts';
import { addMs, type CalendarDate, calendarDate, epochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { historyStart, pickBars, sliceBars } from '#shared/core/market/history.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionBefore, sessionOf } from '#shared/core/market/session-calendar.ts';
import { adjustForSplits } from '#shared/core/market/splits.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { lastIndexUpTo } from '#shared/core/market/universe.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { trainedThroughFor } from '#shared/core/signal/model/walk-forward.ts';
import { makeStrategy } from '#shared/core/signal/strategies/catalogue.ts';
import { MarketDays } from '#infra/local/backtest/market-days.ts';
import { runBacktest } from '#infra/local/backtest/run-backtest.ts';
import { type LocalMarket, openMarket } from '#infra/local/market/open-market.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';

const ID = strategyId('ml-momentum');
const EQUITY = parseMoney('100000');
const DAYS = 130;
/** A split takes effect on 2025-03-14, and a quarter ends on 2025-06-30. */
const [GAP_FROM, GAP_TO] = ['2025-08-04', '2025-08-06'];
const GONE_AFTER = '2025-07-18';

const without = (bars: BarColumns, keep: (date: CalendarDate) => boolean): BarColumns => {
  const kept = bars.dates.flatMap((date, index) => (keep(date) ? [index] : []));
  return pickBars(bars, kept);
};

/** A market in which one symbol has a gap, and another is gone, after the quarter has begun. */
async function market(): Promise<LocalMarket> {
  const opened = await openMarket('synthetic', { days: DAYS, symbols: 12, seed: 7, split: 'while-trading' });
  const bars = opened.bars.map((columns, rank) => {
    if (rank === 1) return without(columns, (date) => date < GAP_FROM || date > GAP_TO);
    return rank === 2 ? without(columns, (date) => date <= GONE_AFTER) : columns;
  });
  return { ...opened, bars };
}

class LiveRoom {
  readonly #tables: MemoryTables;
  readonly #clock: ManualClock;
  readonly #market: LocalMarket;
  readonly #account = accountId('models-1');

  constructor(opened: LocalMarket) {
    this.#market = opened;
    this.#clock = new ManualClock(epochMs(0));
    this.#tables = new MemoryTables({ clock: this.#clock });
  }

  async open(): Promise<this> {
    const universe = this.#market.instruments.map(({ ticker }) => ticker);
    await initialiseAccount(this.#tables, 'control', {
      accountId: this.#account,
      live: false,
      document: writePolicy(firstPolicy(universe, [ID], EQUITY, this.#market.universeSource)),
      equity: EQUITY,
      opening: { at: epochMs(0), positions: [] },
      by: 'tests',
      now: epochMs(0),
    });
    return this;
  }

  /** The evening of a session: the bars that the feed then has, restated as of that day, and the signals. */
  async evening(date: string): Promise<string | null> {
    const session = sessionOf(calendarDate(date));
    if (session === null) throw new Error(`${date} is no session`);
    this.#clock.moveTo(addMs(session.closeAt, 35 * 60_000));
    const bars = this.#market.bars.map((columns) => {
      const known = adjustForSplits(columns, this.#market.splits, session.date);
      const first = lastIndexUpTo(known.dates, historyStart(session.date)) + 1;
      return sliceBars(known, first, lastIndexUpTo(known.dates, session.date) + 1);
    });
    const store = marketStore(this.#tables, this.#clock);
    await store.saveBars(bars);
    const models = modelsStore(this.#tables, 'signal', this.#clock);
    await generateSignals({
      accountId: this.#account,
      clock: this.#clock,
      policies: policiesStore(this.#tables, 'signal'),
      books: booksStore(this.#tables, 'signal'),
      marketStore: store,
      models,
      journal: journalStore(this.#tables),
      telemetry: recordedTelemetry(),
      strategyOf: ({ strategyId: name, parameters }) => makeStrategy(name, parameters),
    });
    const use = await models.useOf(ID, session.date);
    return use?.kind === 'active' ? use.version : null;
  }

  /** The universe that was recorded with the signals of a session. */
  async universe(date: string): Promise<readonly string[] | null> {
    const recorded = await marketStore(this.#tables, this.#clock).loadUniverse(calendarDate(date));
    return recorded?.symbols ?? null;
  }
}

const backtest = (opened: LocalMarket) =>
  runBacktest({
    market: opened,
    strategies: [makeStrategy(ID)],
    cash: EQUITY,
    seed: 7,
    costs: { slippagePerMillion: 0, commissionPerShare: parsePrice('0') },
    vix: null,
  });
const backtested = (opened: LocalMarket): readonly string[] => backtest(opened).models.map(({ version }) => version);

describe('the version of a quarter', () => {
  let opened: LocalMarket;
  let through: readonly string[];
  beforeAll(async () => {
    opened = await market();
    through = backtested(opened);
  });
  const startedOn = async (...evenings: readonly string[]): Promise<readonly (string | null)[]> => {
    const room = await new LiveRoom(opened).open();
    const versions: (string | null)[] = [];
    for (const evening of evenings) versions.push(await room.evening(evening));
    return versions;
  };

  it('is the same in a room that ran through, in rooms that start on any day of it, and in a backtest', async () => {
    expect(through.map((version) => version.slice(0, 10))).toEqual(['2024-12-31', '2025-03-31', '2025-06-30']);
    const [, , third] = through;
    expect(await startedOn('2025-07-01', '2025-08-05', '2025-08-29')).toEqual([third, third, third]);
    // The day of the gap, days on which it still keeps entries off, and after one symbol has gone.
    for (const day of ['2025-07-18', '2025-07-21', '2025-08-05', '2025-08-07', '2025-09-05']) {
      expect(await startedOn(day)).toEqual([third]);
    }
  });

  it('is the same before and after a split, and where the history stored begins a year later', async () => {
    const [first] = through;
    for (const day of ['2025-02-28', '2025-03-13', '2025-03-17', '2025-03-31'])
      expect(await startedOn(day)).toEqual([first]);
  });

  it('is the same in a backtest that starts in the middle of the quarter', () => {
    const late = { ...opened, tradingDays: opened.tradingDays.filter(({ date }) => date >= '2025-08-07') };
    expect(backtested(late)).toEqual(through.slice(2));
  });
});

describe('a universe that changes daily', () => {
  it('is the same in the signal room and in a backtest, which enters nothing outside of it, and trains on it', async () => {
    const opened = await market();
    const dynamic = { ...opened, universeSource: { kind: 'dynamic', count: 5, sessions: 60 } } as const;
    const run = backtest(dynamic);
    const days = new MarketDays(dynamic, null);
    const versions = run.models.map(({ version }) => version);
    expect(versions.some((version) => backtested(opened).includes(version))).toBe(false);
    const room = await new LiveRoom(dynamic).open();
    const seen = new Set<string>();
    for (const day of ['2025-03-13', '2025-03-17', '2025-05-20', '2025-08-05']) {
      const version = await room.evening(day);
      expect(version?.slice(0, 10)).toBe(trainedThroughFor(calendarDate(day)));
      expect(versions).toContain(version);
      const members = await room.universe(day);
      expect(members).toHaveLength(5);
      expect(members).toEqual(days.universeAsOf(calendarDate(day)));
      seen.add(JSON.stringify(members));
    }
    expect(seen.size).toBeGreaterThan(1);
    const entries = run.commands.flatMap((command) =>
      command.type === 'submit-order.v1' && command.data.purpose === 'entry' ? [command.data] : [],
    );
    expect(entries.length).toBeGreaterThan(20);
    const outside = entries.filter(({ symbol, decidedAt }) => {
      const before = sessionBefore(newYorkDate(parseEpochMs(decidedAt))).date;
      return !days.universeAsOf(before).some((member) => member === symbol);
    });
    expect(outside).toEqual([]);
  });
});
